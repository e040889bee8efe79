/**
 * Echo requests over a raw socket, so that no package is needed: `ping.ts ADDRESS COUNT SIZE`.
 * Prints {"sent", "received", "median_ms"}; a reply counts when its body is what was sent.
 */
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { poll } from "../../../../src/daemon/sys/poll.ts";
import {
  AF_INET,
  AF_INET6,
  checksum,
  IPPROTO_ICMP,
  IPPROTO_ICMPV6,
  rawSocket,
  receive,
  send,
  socketAddress,
} from "./raw.ts";

const replyTimeoutMillis = 2000;
const [address = "", count = "5", size = "56"] = process.argv.slice(2);
const v6 = address.includes(":");
const fd = v6 ? rawSocket(AF_INET6, IPPROTO_ICMPV6) : rawSocket(AF_INET, IPPROTO_ICMP);
const requestType = v6 ? 128 : 8;
const replyType = v6 ? 129 : 0;
const identifier = process.pid & 0xffff;

function echoRequest(sequence: number, body: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt8(requestType, 0);
  header.writeUInt16BE(identifier, 4);
  header.writeUInt16BE(sequence, 6);
  const message = Buffer.concat([header, body]);
  // Over IPv6 the kernel fills the checksum in, since it knows the pseudo header.
  if (!v6) message.writeUInt16BE(checksum(message), 2);
  return message;
}

function isReply(packet: Buffer, sequence: number, body: Buffer): boolean {
  const message = v6 ? packet : packet.subarray(((packet[0] ?? 0) & 15) * 4);
  return (
    message[0] === replyType &&
    message.readUInt16BE(4) === identifier &&
    message.readUInt16BE(6) === sequence &&
    message.subarray(8).equals(body)
  );
}

/** Milliseconds until the reply came; undefined when none did. */
async function echo(sequence: number): Promise<number | undefined> {
  const body = randomBytes(Number(size));
  const start = performance.now();
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  waiting = (packet) => {
    if (!isReply(packet, sequence, body)) return;
    const time = performance.now() - start;
    // A poll's callback comes from native code, after which Node runs no promise jobs of its own accord.
    setImmediate(() => resolve(time));
  };
  send(fd, echoRequest(sequence, body), socketAddress(address));
  const stop = new AbortController();
  const timeout = delay(replyTimeoutMillis, undefined, { signal: stop.signal }).catch(() => undefined);
  const result = await Promise.race([promise, timeout]);
  stop.abort();
  return result;
}

let waiting: (packet: Buffer) => void = () => undefined;
const poller = poll(fd, () => {
  for (let packet = receive(fd); packet !== undefined; packet = receive(fd)) waiting(packet);
});
poller.start();
const times: number[] = [];
for (let sequence = 1; sequence <= Number(count); sequence += 1) {
  const time = await echo(sequence);
  if (time !== undefined) times.push(time);
}
poller.close();
times.sort((a, b) => a - b);
const median = times[Math.floor(times.length / 2)] ?? null;
console.log(JSON.stringify({ sent: Number(count), received: times.length, median_ms: median }));
