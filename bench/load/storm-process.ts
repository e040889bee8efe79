/**
 * A storm before authentication: `storm-process.ts HOST:PORT PER_SECOND SECONDS`. Half of its connections say nothing,
 * half replay a ClientHello that was recorded; all are given up after two seconds. Prints what became of them.
 */
import { connect as connectTcp, createServer, type AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { connect as connectTls } from "node:tls";

const [endpoint = "", perSecond = "", seconds = ""] = process.argv.slice(2);
const [host = "", port = ""] = endpoint.split(":");

/** The first flight of a TLS client of our protocol. */
async function recordClientHello(): Promise<Buffer> {
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  const server = createServer((socket) => socket.once("data", resolve)).listen(0, "127.0.0.1");
  await new Promise<void>((listening) => server.once("listening", listening));
  const options = { host: "127.0.0.1", port: (server.address() as AddressInfo).port, ALPNProtocols: ["sssonector/1"] };
  const socket = connectTls(options).on("error", () => {});
  const recorded = await promise;
  socket.destroy();
  server.close();
  return recorded;
}

const flight = await recordClientHello();
const counts = { begun: 0, connected: 0, answered: 0, refused: 0 };

function strike(speaks: boolean): void {
  counts.begun += 1;
  const socket = connectTcp({ host, port: Number(port) });
  socket.once("connect", () => {
    counts.connected += 1;
    if (speaks) socket.write(flight);
  });
  socket.once("data", () => (counts.answered += 1));
  socket.on("error", () => (counts.refused += 1));
  setTimeout(() => socket.destroy(), 2000);
}

const began = performance.now();
const until = began + Number(seconds) * 1000;
while (performance.now() < until) {
  const due = ((performance.now() - began) / 1000) * Number(perSecond);
  while (counts.begun < due) strike(counts.begun % 2 === 0);
  await delay(2);
}
await delay(2100);
console.log(JSON.stringify(counts));
process.exit(0);
