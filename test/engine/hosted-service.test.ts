import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { afterEach, expect, test } from "vitest";
import { HostedService } from "../../src/daemon/engine/hosted-service.ts";
import type { PublishedEndpoint, PublishedService, ServiceEvent } from "../../src/daemon/engine/service-messages.ts";
import { Endpoint, readAll, until } from "../service/sockets.ts";

const closing: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of closing.splice(0).toReversed()) await one[Symbol.asyncDispose]();
});

/** An endpoint that answers with its name and ends. */
async function named(name: string, more: Partial<PublishedEndpoint> = {}): Promise<PublishedEndpoint> {
  const endpoint = await Endpoint.open((socket) => socket.resume().end(name));
  closing.push(endpoint);
  const judged = { admin: "ready", operational: "up", weight: 1, ramp: 1, admits: true, rtt: undefined } as const;
  return { name, ...endpoint.target, ...judged, ...more };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function hosted(more: Partial<PublishedService>): Promise<{
  service: HostedService;
  spec: PublishedService;
  events: ServiceEvent[];
  answers: (count: number) => Promise<string[]>;
}> {
  const spec: PublishedService = {
    name: "web",
    listen: { host: "127.0.0.1", port: await freePort() },
    strategy: "round_robin",
    maxConnections: 1000,
    connectTimeout: 1000,
    warm: { size: 0, idleTimeout: 60_000, sweepEvery: 1000 },
    endpoints: [],
    ...more,
  };
  const events: ServiceEvent[] = [];
  let id = 0;
  const service = new HostedService(spec, {
    keepAlive: true,
    nextId: () => ++id,
    ownerOf: (address) => address,
    emit: (event) => void events.push(event),
  });
  closing.push({ [Symbol.asyncDispose]: async () => service.close() });
  await until(() => events.some(({ type }) => type === "service_listening"));
  const ask = async (): Promise<string> => await readAll(connect(spec.listen).end("x"));
  const answers = async (count: number): Promise<string[]> => {
    const all: string[] = [];
    while (all.length < count) all.push(await ask());
    return all;
  };
  return { service, spec, events, answers };
}

test("endpoints take turns, but for those that take nothing new", async () => {
  const endpoints = [
    await named("a"),
    await named("drained", { admin: "drain" }),
    await named("broken", { admits: false }),
    await named("down", { operational: "down" }),
    await named("without", { weight: 0 }),
    await named("b"),
  ];
  const { service, spec, answers } = await hosted({ endpoints });
  expect(await answers(4)).toEqual(["a", "b", "a", "b"]);
  service.update({ ...spec, endpoints: endpoints.filter(({ name }) => name !== "a") });
  expect(await answers(2)).toEqual(["b", "b"]);
});

test("bad health alone leaves a client not without an endpoint", async () => {
  const { answers } = await hosted({ endpoints: [await named("down", { operational: "down" })] });
  expect(await answers(2)).toEqual(["down", "down"]);
});

test("rendezvous keeps a client's address on its endpoint", async () => {
  const endpoints = [await named("a"), await named("b"), await named("c")];
  const { answers } = await hosted({ strategy: "rendezvous", endpoints });
  expect(new Set(await answers(8)).size).toBe(1);
});

test("least_connections spreads also what one client opens one after the other", async () => {
  const endpoints = [await named("a"), await named("b"), await named("c")];
  const { answers } = await hosted({ strategy: "least_connections", endpoints });
  expect(new Set(await answers(24)).size).toBe(3);
});

test("calls are told in their order: what went well before a failure comes before it", async () => {
  const gone = { ...(await named("gone")), port: await freePort() };
  const { events, answers, service } = await hosted({ endpoints: [await named("a"), gone] });
  expect(await answers(2)).toEqual(["a", "a"]);
  service.flush();
  const calls = events.flatMap((event) => (event.type === "service_calls" ? event.calls : []));
  expect(calls.map(({ endpoint, failure }) => `${endpoint} ${failure ?? "ok"}`)).toEqual([
    "a ok",
    "gone connection_refused",
    "a ok",
  ]);
});

test("warm connections are made ahead, used, and made again at once", async () => {
  const warm = { size: 2, idleTimeout: 60_000, sweepEvery: 1000 };
  const endpoint = await Endpoint.open((socket) => socket.once("data", () => socket.end("warm")).resume());
  closing.push(endpoint);
  const judged = await named("x");
  const { service, answers } = await hosted({ endpoints: [{ ...judged, ...endpoint.target }], warm });
  service.tick();
  await until(() => service.warm === 2 && endpoint.taken.length === 2);
  expect(await answers(1)).toEqual(["warm"]);
  await until(() => service.warm === 2);
  expect(endpoint.taken).toHaveLength(3);
});
