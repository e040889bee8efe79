/**
 * A TCP client that does not listen: `tcp-deaf.ts HOST PORT BYTES`. Says so many bytes to an echo without reading, until
 * nothing more has been taken for a second; then reads, says the rest and reads to the end. Prints {"taken", "echoed"}: the
 * bytes that had left it by then, and those that came back in all.
 */
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

const [host = "", port = "", bytes = ""] = process.argv.slice(2);
const socket = connect({ host, port: Number(port) });
await once(socket, "connect");
const piece = Buffer.alloc(64 * 1024, "x");
let said = 0;
function say(): void {
  while (said < Number(bytes)) {
    const part = piece.subarray(0, Number(bytes) - said);
    said += part.length;
    if (!socket.write(part)) return;
  }
  socket.end();
}
socket.on("drain", say);
say();
let taken = -1;
while (taken !== said) {
  taken = said;
  await delay(1000);
}
let echoed = 0;
socket.on("data", (chunk: Buffer) => (echoed += chunk.length));
await once(socket, "close");
console.log(JSON.stringify({ taken, echoed }));
