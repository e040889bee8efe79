/**
 * Numbered echo requests over IPv4, one after the other without waiting for replies: `echoes.ts ADDRESS COUNT GAP_MS`.
 * Prints an EchoesResult, half a second after the last request.
 */
import { setTimeout as delay } from "node:timers/promises";
import { poll } from "../../src/daemon/sys/poll.ts";
import {
  AF_INET,
  checksum,
  IPPROTO_ICMP,
  rawSocket,
  receive,
  send,
  socketAddress,
} from "../netns/harness/traffic/raw.ts";

export interface EchoesResult {
  sent: number;
  /** Numbers of the replies in the order in which they came, twice where they came twice. */
  replies: number[];
}

const lastWaitMillis = 500;
const [address = "", count = "100", gap = "2"] = process.argv.slice(2);
const fd = rawSocket(AF_INET, IPPROTO_ICMP);
const identifier = process.pid & 0xffff;
const result: EchoesResult = { sent: 0, replies: [] };

function echoRequest(sequence: number): Buffer {
  const message = Buffer.alloc(64);
  message.writeUInt8(8, 0);
  message.writeUInt16BE(identifier, 4);
  message.writeUInt16BE(sequence, 6);
  message.writeUInt16BE(checksum(message), 2);
  return message;
}

const poller = poll(fd, () => {
  for (let packet = receive(fd); packet !== undefined; packet = receive(fd)) {
    const message = packet.subarray(((packet[0] ?? 0) & 15) * 4);
    const isOurs = message[0] === 0 && message.readUInt16BE(4) === identifier;
    // A raw socket is handed damaged messages as well.
    if (isOurs && checksum(message) === 0) result.replies.push(message.readUInt16BE(6));
  }
});
poller.start();
for (; result.sent < Number(count); result.sent += 1) {
  send(fd, echoRequest(result.sent), socketAddress(address));
  await delay(Number(gap));
}
await delay(lastWaitMillis);
poller.close();
console.log(JSON.stringify(result));
