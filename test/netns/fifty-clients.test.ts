import { afterAll, beforeAll, expect, test } from "vitest";
import type { DaemonProcess } from "../../src/cli/demo/daemon-process.ts";
import { Lab } from "../../src/cli/demo/lab.ts";
import type { Running } from "../../src/cli/demo/running.ts";
import { bytesSoFar, serviceUrl, startService, startTransfer, transferResult } from "../../src/cli/demo/traffic.ts";
import { accountOf } from "./harness/accounts.ts";
import { findings, ping, startTraffic, traffic } from "./harness/node.ts";
import { describeNetns, prefix } from "./harness/suite.ts";

const clientCount = 50;
const watchedCount = 3;
const spoofedPackets = 20;

function at<T>(list: readonly T[], index: number): T {
  const value = list[index];
  if (value === undefined) throw new Error(`nothing at ${index}`);
  return value;
}

function download(lab: Lab, client: DaemonProcess, bytes: number): Running {
  return lab.use(startTransfer(client.namespace, serviceUrl(lab.inner, `/bytes?count=${bytes}`)));
}

describeNetns(`${clientCount} clients on one server`, () => {
  let lab: Lab;
  let clients: DaemonProcess[];
  /** The IPv4 inner address of each client. */
  let inner: string[];

  beforeAll(async () => {
    lab = await Lab.create(prefix);
    clients = [];
    for (let index = 1; index <= clientCount; index += 1) clients.push(await lab.client(`client-${index}`));
    lab.server.start();
    await lab.server.ready();
    for (let first = 0; first < clientCount; first += 10) {
      const group = clients.slice(first, first + 10);
      for (const client of group) client.start();
      await Promise.all(group.map(async (client) => await client.ready(60)));
    }
    lab.use(await startService(lab.server.namespace, lab.inner));
    const statuses = await Promise.all(clients.map(async (client) => await client.status()));
    inner = statuses.map((status) =>
      at(
        status.inner.filter((address) => !address.includes(":")),
        0,
      ),
    );
  }, 240_000);

  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  }, 60_000);

  test("have an address each", async () => {
    expect(new Set(inner).size).toBe(clientCount);
    expect((await lab.server.status()).sessions).toBe(clientCount);
  });

  test("reach the server and are reached at their own address only; nobody sees the packets of another", async () => {
    const watchers: Running[] = [];
    for (const client of clients.slice(0, watchedCount)) {
      watchers.push(lab.use(await startTraffic(client.namespace, "parties", "tun0")));
    }
    for (const [index, client] of clients.entries()) {
      if (index % 5 > 1) continue;
      expect(await ping(lab.server.namespace, at(inner, index), 1)).toMatchObject({ received: 1 });
      expect(await ping(client.namespace, lab.inner, 1)).toMatchObject({ received: 1 });
    }
    for (const [index, watcher] of watchers.entries()) {
      const { parties } = await findings<{ parties: [string, string, number][] }>(watcher);
      const own = at(inner, index);
      const foreign = parties.filter(([source, destination]) => source !== own && destination !== own);
      expect(foreign.filter(([source]) => inner.includes(source))).toEqual([]);
      expect(foreign.filter(([, destination]) => inner.includes(destination))).toEqual([]);
    }
  });

  test("can't reach each other unless allowed, and that is counted", async () => {
    const before = (await lab.server.status()).dropped["client_to_client"] ?? 0;
    expect(await ping(at(clients, 0).namespace, at(inner, 1), 2)).toMatchObject({ received: 0 });
    expect((await lab.server.status()).dropped["client_to_client"]).toBe(before + 2);
  });

  test("with a spoofed source are dropped and counted, and the victim sees nothing", async () => {
    const watcher = lab.use(await startTraffic(lab.server.namespace, "parties", "tun0"));
    const before = (await lab.server.status()).dropped["spoofed_source"] ?? 0;
    const sources = [at(inner, 4), "192.0.2.77", "fd00:8::4444"];
    for (const source of sources) {
      const target = source.includes(":") ? lab.inner6 : lab.inner;
      await traffic(at(clients, 3).namespace, "inject", source, target, 9, spoofedPackets);
    }
    // A reply to a ping that was sent behind them shows that they have all been judged.
    expect(await ping(at(clients, 3).namespace, lab.inner, 1)).toMatchObject({ received: 1 });
    expect(await ping(at(clients, 3).namespace, lab.inner6, 1)).toMatchObject({ received: 1 });
    const { dropped } = await lab.server.status();
    expect((dropped["spoofed_source"] ?? 0) - before).toBe(sources.length * spoofedPackets);
    const { parties } = await findings<{ parties: [string, string, number][] }>(watcher);
    expect(parties.filter(([source]) => sources.includes(source))).toEqual([]);
  });

  test("are not slowed by one that stops reading", async () => {
    const slow = at(clients, 10);
    const size = 128 * 1024 * 1024;
    const alone = await transferResult(download(lab, at(clients, 11), size));
    const stuck = download(lab, slow, 1024 ** 3);
    await stuck.line(/"bytes":[1-9]/);
    slow.process.signal("SIGSTOP");
    const atStop = bytesSoFar(stuck);
    try {
      const beside = await transferResult(download(lab, at(clients, 11), size));
      const pings = await ping(at(clients, 12).namespace, lab.inner, 20);
      expect(beside.equal).toBe(true);
      expect(beside.seconds).toBeLessThan(alone.seconds * 2.5 + 1);
      expect(pings.received).toBe(20);
      expect(bytesSoFar(stuck) - atStop).toBeLessThan(256 * 1024 * 1024);
    } finally {
      slow.process.signal("SIGCONT");
      await stuck.end("SIGTERM");
    }
  });

  test("account for every frame: accepted = injected + dropped with a reason", async () => {
    const daemons = [lab.server, ...clients];
    // Counters of different processes are read at different moments: the books balance when nothing is under way.
    await expect.poll(async () => (await accountOf(daemons)).lost, { timeout: 40_000, interval: 2000 }).toBe(0);
    expect((await accountOf(daemons)).accepted).toBeGreaterThan(1000);
  });
});
