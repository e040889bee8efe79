/**
 * Echo requests at a steady pace until SIGTERM: `steady.ts ADDRESS INTERVAL_MS`. Prints {"sent", "lost", "longest_gap_ms"}:
 * the longest time in which no reply came.
 */
import { poll } from "../../../../src/daemon/sys/poll.ts";
import { AF_INET, checksum, IPPROTO_ICMP, rawSocket, receive, send, socketAddress } from "./raw.ts";

const lastReplyMillis = 1000;
const [address = "", interval = "10"] = process.argv.slice(2);
const fd = rawSocket(AF_INET, IPPROTO_ICMP);
const identifier = process.pid & 0xffff;
const waiting = new Set<number>();
let sent = 0;
let gap = 0;
let lastReply: number | undefined;

function echoRequest(sequence: number): Buffer {
  const message = Buffer.alloc(64);
  message.writeUInt8(8, 0);
  message.writeUInt16BE(identifier, 4);
  message.writeUInt16BE(sequence & 0xffff, 6);
  message.writeUInt16BE(checksum(message), 2);
  return message;
}

function arrived(packet: Buffer): void {
  const message = packet.subarray(((packet[0] ?? 0) & 15) * 4);
  if (message[0] !== 0 || message.readUInt16BE(4) !== identifier || !waiting.delete(message.readUInt16BE(6))) return;
  const now = performance.now();
  if (lastReply !== undefined) gap = Math.max(gap, now - lastReply);
  else process.stdout.write("connected\n");
  lastReply = now;
}

const poller = poll(fd, () => {
  for (let packet = receive(fd); packet !== undefined; packet = receive(fd)) arrived(packet);
});
poller.start();
const pace = setInterval(() => {
  sent += 1;
  waiting.add(sent & 0xffff);
  send(fd, echoRequest(sent), socketAddress(address));
}, Number(interval));

process.once("SIGTERM", () => {
  clearInterval(pace);
  setTimeout(() => {
    poller.close();
    console.log(JSON.stringify({ sent, lost: waiting.size, longest_gap_ms: Math.round(gap) }));
  }, lastReplyMillis);
});
