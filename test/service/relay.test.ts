import { once } from "node:events";
import type { Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Gate } from "../../src/daemon/service/gate.ts";
import { Relay, type RelayEnd } from "../../src/daemon/service/relay.ts";
import { dialled, Endpoint, errorOf, readAll, until } from "./sockets.ts";

let clients: Endpoint;
let endpoints: Endpoint;
let gates: { up: Gate; down: Gate };
let relay: Relay;
/** The far ends: what the relay joins. */
let client: Socket;
let endpoint: Socket;
let ended: Promise<RelayEnd>;

beforeEach(async () => {
  clients = await Endpoint.open();
  endpoints = await Endpoint.open();
  client = await dialled(clients.target);
  const outgoing = await dialled(endpoints.target);
  endpoint = await endpoints.connection(0);
  const incoming = await clients.connection(0);
  gates = { up: new Gate(() => performance.now()), down: new Gate(() => performance.now()) };
  const end = Promise.withResolvers<RelayEnd>();
  relay = new Relay(incoming, outgoing, gates, end.resolve);
  ended = end.promise;
});

afterEach(async () => {
  relay.cut();
  client.destroy();
  await clients[Symbol.asyncDispose]();
  await endpoints[Symbol.asyncDispose]();
});

test("the client's FIN comes behind its last byte, and the answer still comes", async () => {
  client.end("question");
  expect(await readAll(endpoint)).toBe("question");
  endpoint.write("ans");
  endpoint.end("wer");
  expect(await readAll(client)).toBe("answer");
  expect(await ended).toBe("closed");
});

test("the endpoint's FIN leaves the client's direction open", async () => {
  endpoint.end("greeting");
  expect(await readAll(client)).toBe("greeting");
  client.write("still ");
  client.end("here");
  expect(await readAll(endpoint)).toBe("still here");
  expect(await ended).toBe("closed");
});

test.each<["client" | "endpoint", RelayEnd]>([
  ["client", "client_reset"],
  ["endpoint", "endpoint_reset"],
])("a reset by the %s reaches the other as a reset", async (who, end) => {
  const [from, to] = who === "client" ? [client, endpoint] : [endpoint, client];
  to.write("x");
  await once(from.resume(), "data");
  const error = errorOf(to);
  from.resetAndDestroy();
  expect(await error).toBe("ECONNRESET");
  expect(await ended).toBe(end);
});

test.each<["client" | "endpoint"]>([["client"], ["endpoint"]])("who does not read stops the other: %s", async (who) => {
  const [fast, slow] = who === "client" ? [endpoint, client] : [client, endpoint];
  const chunk = Buffer.alloc(1024 * 1024, 1);
  const total = 64;
  for (let sent = 0; sent < total; sent++) fast.write(chunk);
  fast.end();
  await until(() => relay.stalled);
  const near = who === "client" ? relay.endpoint : relay.client;
  // Nothing more is read than the kernels of both ends hold, however often the loop turns.
  for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(near.bytesRead).toBeLessThan((total / 2) * chunk.length);
  expect(near.readableLength + (who === "client" ? relay.client : relay.endpoint).writableLength).toBeLessThan(
    512 * 1024,
  );
  let got = 0;
  slow.on("data", (part: Buffer) => (got += part.length)).resume();
  await once(slow, "end");
  expect(got).toBe(total * chunk.length);
});

test("an endpoint that said all it had to say and is then gone does not take its answer back", async () => {
  const answer = Buffer.alloc(4 * 1024 * 1024, 97);
  endpoint.end(answer);
  // The client goes on sending; the endpoint, which is gone, answers with a reset.
  await until(() => relay.endpoint.readableEnded || relay.stalled);
  const all = readAll(client);
  await until(() => relay.endpoint.readableEnded);
  endpoint.resetAndDestroy();
  client.write("more");
  client.write("and more");
  expect((await all).length).toBe(answer.length);
});

test("cut resets both sides", async () => {
  const errors = [errorOf(client), errorOf(endpoint)];
  relay.cut();
  expect(await Promise.all(errors)).toEqual(["ECONNRESET", "ECONNRESET"]);
  expect(await ended).toBe("cut");
});
