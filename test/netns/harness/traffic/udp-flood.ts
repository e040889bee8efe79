/**
 * A flow that never slows down: `udp-flood.ts ADDRESS PORT`. Sends datagrams of 1200 bytes, about 10,000 a second, until
 * SIGTERM. Prints "connected" first, and {"sent"} at the end.
 */
import { createSocket } from "node:dgram";

const [address = "", port = "0"] = process.argv.slice(2);
const datagram = Buffer.alloc(1200);
const tickMillis = 10;
const perTick = 100;
const socket = createSocket("udp4");
let sent = 0;
// What the kernel has no room for, or the far end answers with ICMP, is all the same to it.
socket.on("error", () => {});
const pace = setInterval(() => {
  for (let n = 0; n < perTick; n++) socket.send(datagram, Number(port), address, () => (sent += 1));
}, tickMillis);
console.log("connected");
process.once("SIGTERM", () => {
  clearInterval(pace);
  socket.close();
  console.log(JSON.stringify({ sent }));
});
