import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { connectTo, type Target } from "../../src/daemon/service/connect.ts";
import { Gate } from "../../src/daemon/service/gate.ts";
import { type ProxyRules, ServiceProxy } from "../../src/daemon/service/proxy.ts";
import { dialled, Endpoint, errorOf, readAll, until } from "./sockets.ts";

const closing: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of closing.splice(0).toReversed()) await one[Symbol.asyncDispose]();
});

/** A port of the loopback that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** A proxy on the loopback that tries the endpoints in their order. */
class Site {
  readonly calls: string[] = [];
  readonly listened: (string | undefined)[] = [];
  readonly proxy: ServiceProxy;
  readonly rules: ProxyRules;
  readonly warm: Socket[] = [];
  now = 0;

  private constructor(
    rules: ProxyRules,
    endpoints: Readonly<Record<string, Target>>,
    owners: ReadonlyMap<string, string>,
  ) {
    this.rules = rules;
    let id = 0;
    this.proxy = new ServiceProxy(rules, {
      gates: { up: new Gate(() => this.now), down: new Gate(() => this.now) },
      now: () => this.now,
      nextId: () => ++id,
      ownerOf: (address) => owners.get(address) ?? address,
      choose: ({ tried }) => Object.keys(endpoints).find((name) => !tried.has(name)),
      wayTo: (name) => {
        const socket = this.warm.shift();
        if (socket !== undefined) return { kind: "warm", socket };
        const target = endpoints[name];
        if (target === undefined) return undefined;
        return { kind: "connect", begin: (done) => connectTo(target, { timeout: 1000, keepAlive: true }, done) };
      },
      called: (endpoint, _took, failure) => this.calls.push(`${endpoint} ${failure ?? "ok"}`),
      listening: (error) => this.listened.push(error),
    });
  }

  static async open(
    endpoints: Readonly<Record<string, Target>>,
    {
      maxConnections = 1000,
      owners = new Map(),
    }: { maxConnections?: number; owners?: ReadonlyMap<string, string> } = {},
  ): Promise<Site> {
    const listen = { host: "127.0.0.1", port: await freePort() };
    const site = new Site({ listen, maxConnections, keepAlive: true }, endpoints, owners);
    site.proxy.update(site.rules);
    await until(() => site.listened.length === 1);
    closing.push({ [Symbol.asyncDispose]: async () => site.proxy.close() });
    return site;
  }

  async dial(from = "127.0.0.1"): Promise<Socket> {
    const socket = await dialled({ ...this.rules.listen, localAddress: from });
    closing.push({ [Symbol.asyncDispose]: async () => void socket.destroy() });
    return socket;
  }

  /** The error that ends a client which says a word. */
  async fate(): Promise<string> {
    const socket = connect({ ...this.rules.listen }).resume();
    socket.write("x");
    const [error] = (await once(socket, "error")) as [NodeJS.ErrnoException];
    return error.code ?? error.message;
  }

  /** Sends a line and reads to the end. */
  async ask(): Promise<string> {
    const socket = await this.dial();
    socket.end("x");
    return await readAll(socket);
  }
}

/** An endpoint that answers with its name and ends. */
async function named(name: string): Promise<Endpoint> {
  const endpoint = await Endpoint.open((socket) => socket.resume().end(name));
  closing.push(endpoint);
  return endpoint;
}

test("a connect that is refused goes to the next endpoint before the client has lost a byte", async () => {
  const good = await named("good");
  const site = await Site.open({ bad: { host: "127.0.0.1", port: await freePort() }, good: good.target });
  expect(await site.ask()).toBe("good");
  expect(site.calls).toEqual(["bad connection_refused", "good ok"]);
  await until(() => site.proxy.active === 0);
  expect(site.proxy.counters).toMatchObject({
    accepted: 1,
    retried: 1,
    failed: 0,
    refused: 0,
    rx_bytes: 1,
    tx_bytes: 4,
  });
  expect(site.proxy.connectionsOn("good")).toBe(0);
});

test("three endpoints are tried, no more; then the client is reset and it counts as failed", async () => {
  const port = await freePort();
  const dead = { host: "127.0.0.1", port };
  const site = await Site.open({ a: dead, b: dead, c: dead, d: dead });
  expect(await site.fate()).toBe("ECONNRESET");
  expect(site.calls).toEqual(["a connection_refused", "b connection_refused", "c connection_refused"]);
  expect(site.proxy.counters).toMatchObject({ accepted: 1, retried: 2, failed: 1, refused: 0 });
});

test("without an endpoint a client is refused", async () => {
  const site = await Site.open({});
  expect(await site.fate()).toBe("ECONNRESET");
  expect(site.proxy.counters).toMatchObject({ accepted: 1, failed: 0, refused: 1 });
});

test("above max_connections clients wait for a place, in their order, and are refused after half a minute", async () => {
  const endpoint = await Endpoint.open();
  closing.push(endpoint);
  const site = await Site.open({ only: endpoint.target }, { maxConnections: 1 });
  const [first, second, third] = [await site.dial(), await site.dial(), await site.dial()];
  second.write("second");
  await until(() => site.proxy.waiting === 2 && site.proxy.active === 1);
  expect((await endpoint.connection(0)).readableLength).toBe(0);
  first.destroy();
  (await endpoint.connection(0)).resume().end();
  const [said] = (await once((await endpoint.connection(1)).resume(), "data")) as [Buffer];
  expect(said.toString()).toBe("second");
  expect(site.proxy.counters.refused).toBe(0);
  site.now = 30_001;
  const reset = errorOf(third);
  site.proxy.tick();
  expect(await reset).toBe("ECONNRESET");
  expect(site.proxy.counters).toMatchObject({ accepted: 3, refused: 1 });
  // More places, live.
  const fourth = await site.dial();
  await until(() => site.proxy.waiting === 1);
  site.proxy.update({ ...site.rules, maxConnections: 2 });
  fourth.write("4");
  await once((await endpoint.connection(2)).resume(), "data");
});

test("who has half of the places gets no more while another client waits, and at most half of the waiting room", async () => {
  const endpoint = await Endpoint.open();
  closing.push(endpoint);
  const site = await Site.open({ only: endpoint.target }, { maxConnections: 4 });
  const places = (): string[] =>
    [...site.proxy.connections.values()]
      .filter(({ state }) => state.kind === "active")
      .map(({ remote }) => remote.address);
  const hers = [];
  for (let n = 0; n < 8; n++) hers.push(await site.dial("127.0.0.2"));
  await until(() => site.proxy.waiting === 4 && places().length === 4);
  await site.dial("127.0.0.3");
  await site.dial("127.0.0.3");
  await until(() => site.proxy.waiting === 6);
  // Nobody knew of others when she took them all.
  for (const [at, socket] of hers.slice(0, 3).entries()) {
    socket.resetAndDestroy();
    await until(() => site.proxy.waiting === 5 - at && places().length === 4);
  }
  expect(places().toSorted()).toEqual(["127.0.0.2", "127.0.0.2", "127.0.0.3", "127.0.0.3"]);
  // Three of hers wait already.
  await Promise.all(Array.from({ length: 510 }, () => site.dial("127.0.0.2")));
  await until(() => site.proxy.counters.refused === 1);
  expect(site.proxy.waiting).toBe(512);
});

test("an identity is one client, however many addresses it has", async () => {
  const endpoint = await Endpoint.open();
  closing.push(endpoint);
  const hers = ["127.0.0.2", "127.0.0.4", "127.0.0.5"];
  const owners = new Map(hers.map((address) => [address, "ann"]));
  const site = await Site.open({ only: endpoint.target }, { maxConnections: 2, owners });
  const sockets = [];
  for (const address of hers) sockets.push(await site.dial(address));
  await until(() => site.proxy.waiting === 1 && site.proxy.active === 2);
  await site.dial("127.0.0.3");
  await until(() => site.proxy.waiting === 2);
  // The one of hers that waits came first and has an address without a place.
  sockets[0]?.resetAndDestroy();
  await until(() => site.proxy.waiting === 1);
  expect(
    [...site.proxy.connections.values()].map(({ remote, state }) => `${remote.address} ${state.kind === "waiting"}`),
  ).toEqual(["127.0.0.4 false", "127.0.0.5 true", "127.0.0.3 false"]);
});

test("an endpoint that resets a young connection without a word failed", async () => {
  const endpoint = await Endpoint.open((socket) => socket.resume().once("data", () => socket.resetAndDestroy()));
  closing.push(endpoint);
  const site = await Site.open({ full: endpoint.target });
  expect(await site.fate()).toBe("ECONNRESET");
  await until(() => site.calls.length === 2);
  expect(site.calls).toEqual(["full ok", "full early_reset"]);
  expect(site.proxy.counters).toMatchObject({ accepted: 1, failed: 1 });
});

test("cutting an endpoint resets its connections, also those that are only being made", async () => {
  const endpoint = await Endpoint.open();
  closing.push(endpoint);
  const site = await Site.open({ only: endpoint.target });
  const socket = await site.dial();
  await endpoint.connection(0);
  await until(() => site.proxy.connectionsOn("only") === 1);
  const reset = errorOf(socket);
  site.proxy.cutEndpoint("only");
  expect(await reset).toBe("ECONNRESET");
  await until(() => site.proxy.connections.size === 0);
  expect(site.proxy.connectionsOn("only")).toBe(0);
});

test("a warm connection is used in place of a new one", async () => {
  const endpoint = await named("warm");
  const site = await Site.open({ only: endpoint.target });
  site.warm.push(await dialled(endpoint.target));
  expect(await site.ask()).toBe("warm");
  expect(endpoint.taken).toHaveLength(1);
  expect(site.calls).toEqual([]);
});

test("a port that is taken is told, and tried again with the next rules", async () => {
  const taken = await named("x");
  const site = await Site.open({});
  const busy = { ...site.rules, listen: taken.target };
  site.proxy.update(busy);
  await until(() => site.listened.length === 2);
  expect(site.listened[1]).toBe("EADDRINUSE");
  await taken[Symbol.asyncDispose]();
  site.proxy.update(busy);
  await until(() => site.listened.length === 3);
  expect(site.listened[2]).toBeUndefined();
});
