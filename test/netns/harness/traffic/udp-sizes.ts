/**
 * Sends one datagram of each size to an echo service and compares what comes back:
 * `udp-sizes.ts HOST PORT SIZE…`. Prints {"whole": [sizes], "lost": [sizes], "changed": [sizes]}.
 */
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";

const replyTimeoutMillis = 2000;
const [host = "", port = "", ...sizes] = process.argv.slice(2);
const socket = createSocket({ type: host.includes(":") ? "udp6" : "udp4", recvBufferSize: 4 * 1024 * 1024 });
socket.connect(Number(port), host);
await new Promise((resolve) => {
  socket.once("connect", resolve);
});

async function echo(body: Buffer): Promise<Buffer | undefined> {
  return await new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), replyTimeoutMillis);
    socket.once("message", (message) => {
      clearTimeout(timer);
      resolve(message);
    });
    socket.send(body);
  });
}

const result: Record<"whole" | "lost" | "changed", number[]> = { whole: [], lost: [], changed: [] };
for (const size of sizes.map(Number)) {
  const body = randomBytes(size);
  const reply = await echo(body);
  socket.removeAllListeners("message");
  const outcome = reply === undefined ? "lost" : reply.equals(body) ? "whole" : "changed";
  result[outcome].push(size);
}
socket.close();
console.log(JSON.stringify(result));
