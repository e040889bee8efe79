import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import type { DaemonProcess } from "../../src/cli/demo/daemon-process.ts";
import type { Running } from "../../src/cli/demo/running.ts";
import { serviceUrl, startTransfer, transferResult } from "../../src/cli/demo/traffic.ts";
import { Cluster, lanInterface, service, service6 } from "../../src/cli/demo/cluster.ts";
import { accountOf } from "../netns/harness/accounts.ts";
import { findings, ping, startTraffic } from "../netns/harness/node.ts";
import { describeNetns, prefix } from "../netns/harness/suite.ts";

/** What a loaded machine may add to a bound of the fault table, in milliseconds. */
const slack = 1500;

/** How long all servers are gone, in seconds: until attempts are as rare as they get. */
const away = Number(process.env["AWAY_SECONDS"] ?? 15);

/** Milliseconds from `since` until the client had a link to this server. */
async function movedAfter(client: DaemonProcess, server: DaemonProcess, since: number): Promise<number> {
  const linked = async (): Promise<number | undefined> =>
    (await client.events(since)).find(({ code, facts }) => code === "link_up" && facts["backend"] === server.name)
      ?.time_ms;
  await expect.poll(linked, { timeout: 30_000, interval: 200 }).toBeDefined();
  return ((await linked()) ?? 0) - since;
}

async function streaming(cluster: Cluster, seconds: number, address = service): Promise<Running> {
  const url = serviceUrl(address, `/stream?seconds=${seconds}&mbps=50`);
  const transfer = cluster.use(startTransfer(cluster.client.namespace, url));
  await transfer.line(/"bytes":[1-9]/);
  return transfer;
}

async function innerAddresses(client: DaemonProcess): Promise<string[]> {
  return (await client.status()).inner;
}

describeNetns("a client of two servers, with proxy_arp", () => {
  test("server killed: the session moves at once, and TCP transfers over both families go on", async () => {
    await using cluster = await Cluster.create(prefix, "proxy_arp");
    await cluster.start();
    const { used, spare } = await cluster.places();
    const before = await innerAddresses(cluster.client);
    const transfers = [await streaming(cluster, 5, service), await streaming(cluster, 5, service6)];
    const killed = Date.now();
    await used.end("SIGKILL");
    const moved = await movedAfter(cluster.client, spare, killed);
    const results = await Promise.all(transfers.map(transferResult));
    const gaps = results.map(({ longest_gap_ms }) => longest_gap_ms);
    console.log(`server killed: moved after ${moved} ms, gaps of the TCP transfers ${gaps.join(", ")} ms (IPv4, IPv6)`);
    expect(results.every(({ equal }) => equal)).toBe(true);
    expect(moved).toBeLessThan(250 + slack);
    expect(Math.max(...gaps)).toBeLessThan(1000 + slack);
    expect(await innerAddresses(cluster.client)).toEqual(before);
    expect(results.map(({ local_address }) => local_address)).toEqual(before);
  });

  test("planned drain of the server in use under 8 streams: nothing fails, no link frame is lost", async () => {
    await using cluster = await Cluster.create(prefix, "proxy_arp");
    await cluster.start();
    const { used, spare } = await cluster.places();
    const transfers: Running[] = [];
    for (let index = 0; index < 8; index += 1) {
      const url = serviceUrl(index % 2 === 0 ? service : service6, "/stream?seconds=6&mbps=20");
      transfers.push(cluster.use(startTransfer(cluster.client.namespace, url)));
    }
    await Promise.all(transfers.map(async (transfer) => await transfer.line(/"bytes":[1-9]/)));
    const drained = Date.now();
    expect(await cluster.client.ctl("drain", used.name, "--yes")).toMatchObject({ code: 0 });
    expect(await cluster.client.ctl("wait", "--for", `drained=${used.name}`, "--timeout", "20s")).toMatchObject({
      code: 0,
    });
    const done = Date.now() - drained;
    const results = await Promise.all(transfers.map(transferResult));
    const gap = Math.max(...results.map(({ longest_gap_ms }) => longest_gap_ms));
    console.log(
      `planned drain: moved after ${await movedAfter(cluster.client, spare, drained)} ms, drained after ${done} ms`,
    );
    console.log(`planned drain: longest gap of 8 TCP transfers ${gap} ms`);
    expect(results.every(({ equal }) => equal)).toBe(true);
    await expect
      .poll(async () => (await accountOf([cluster.client, used, spare])).lost, { timeout: 20_000, interval: 500 })
      .toBe(0);
    const account = await accountOf([cluster.client, used, spare]);
    console.log(
      `planned drain: ${account.accepted} link frames, drops ${JSON.stringify([account.dropped, account.refused])}`,
    );
    expect(account.dropped).toEqual({});
    for (const reason of ["no_session", "not_here", "no_link", "queue_full"])
      expect(account.refused).not.toHaveProperty(reason);
    expect(account.accepted).toBeGreaterThan(1000);
  });

  test("server black-holed under traffic: moved within 3.5 s", async () => {
    await using cluster = await Cluster.create(prefix, "proxy_arp");
    await cluster.start();
    const { used, spare } = await cluster.places();
    const transfer = await streaming(cluster, 8);
    const since = Date.now();
    await blackHole(used);
    const moved = await movedAfter(cluster.client, spare, since);
    const result = await transferResult(transfer);
    console.log(
      `black hole under traffic: moved after ${moved} ms, gap of the TCP transfer ${result.longest_gap_ms} ms`,
    );
    expect(moved).toBeLessThan(3500 + slack);
    expect(result.equal).toBe(true);
  });

  test("server black-holed while idle: moved within 12 s", async () => {
    await using cluster = await Cluster.create(prefix, "proxy_arp");
    await cluster.start();
    const { used, spare } = await cluster.places();
    const since = Date.now();
    await blackHole(used);
    const moved = await movedAfter(cluster.client, spare, since);
    console.log(`black hole while idle: moved after ${moved} ms`);
    expect(moved).toBeLessThan(12_000 + slack);
    expect(await ping(cluster.client.namespace, service)).toMatchObject({ received: 5 });
    // Whoever was cut off hears on the LAN that the session is elsewhere, long before its own link is dead.
    expect((await used.events(since)).map(({ code }) => code)).toContain("session_taken");
    await expectOneOwner(cluster, spare);
    expect(await used.sessions()).toEqual([]);
  });

  test("planned stop of a server moves the client before the link ends", async () => {
    await using cluster = await Cluster.create(prefix, "proxy_arp");
    await cluster.start();
    const { used, spare } = await cluster.places();
    const transfer = await streaming(cluster, 5);
    const since = Date.now();
    expect(await used.end("SIGTERM")).toEqual({ code: 0, signal: null });
    const stopped = Date.now() - since;
    const moved = await movedAfter(cluster.client, spare, since);
    const result = await transferResult(transfer);
    console.log(`planned stop: moved after ${moved} ms, stopped after ${stopped} ms, gap ${result.longest_gap_ms} ms`);
    expect(result.equal).toBe(true);
    expect(moved).toBeLessThan(stopped);
    expect(result.longest_gap_ms).toBeLessThan(500 + slack);
  });

  test(`all servers gone, back after ${away} s: reconnects by itself, with the same addresses`, async () => {
    await using cluster = await Cluster.create(prefix, "proxy_arp");
    await cluster.start();
    const before = await innerAddresses(cluster.client);
    await Promise.all(cluster.servers.map(async (server) => await server.end("SIGKILL")));
    await delay(away * 1000);
    const back = Date.now();
    for (const server of cluster.servers) server.start();
    await Promise.all(cluster.servers.map(async (server) => await server.ready()));
    await cluster.client.ready(60);
    console.log(`all servers gone for ${away} s: linked ${Date.now() - back} ms after they were started`);
    expect(await innerAddresses(cluster.client)).toEqual(before);
    expect(await ping(cluster.client.namespace, service)).toMatchObject({ received: 5 });
    expect(await ping(cluster.client.namespace, service6)).toMatchObject({ received: 5 });
  });

  test("event loop of the server in use stopped for 5 s: one owner of the session", async () => {
    await using cluster = await Cluster.create(prefix, "proxy_arp");
    await cluster.start();
    const { used } = await cluster.places();
    const transfer = await streaming(cluster, 9);
    used.process.signal("SIGSTOP");
    await delay(5000);
    used.process.signal("SIGCONT");
    const result = await transferResult(transfer);
    console.log(`server stopped for 5 s: gap of the TCP transfer ${result.longest_gap_ms} ms`);
    expect(result.equal).toBe(true);
    const { used: owner } = await cluster.places();
    await expectOneOwner(cluster, owner);
  });

  test("server stopped until the client is elsewhere: it lets go when it wakes up", async () => {
    await using cluster = await Cluster.create(prefix, "proxy_arp");
    await cluster.start();
    const { used, spare } = await cluster.places();
    const transfer = await streaming(cluster, 12);
    const since = Date.now();
    used.process.signal("SIGSTOP");
    const moved = await movedAfter(cluster.client, spare, since);
    const [address = ""] = await innerAddresses(cluster.client);
    const watch = await startTraffic(cluster.host, "neighbours", lanInterface, address);
    used.process.signal("SIGCONT");
    const result = await transferResult(transfer);
    console.log(`server stopped: moved after ${moved} ms, gap of the TCP transfer ${result.longest_gap_ms} ms`);
    expect(result.equal).toBe(true);
    expect(moved).toBeLessThan(12_000 + slack);
    await expectOneOwner(cluster, spare);
    const { answers, announcements } = await findings<Spoken>(watch);
    const stopped = await macOf(used);
    expect(answers).not.toContain(stopped);
    expect(announcements.map(({ mac }) => mac)).not.toContain(stopped);
  });
});

interface Spoken {
  answers: string[];
  announcements: { mac: string; at_ms: number }[];
}

/** One server has the session, with the client's epoch, and it alone answers on the LAN. */
async function expectOneOwner(cluster: Cluster, owner: DaemonProcess): Promise<void> {
  const owners = async (): Promise<string[]> => {
    const sessions = await Promise.all(cluster.servers.map(async (server) => await server.sessions()));
    return cluster.servers.filter((_, at) => sessions[at]?.some(({ links }) => links > 0)).map(({ name }) => name);
  };
  await expect.poll(owners, { timeout: 15_000 }).toEqual([owner.name]);
  const [[here], [there]] = await Promise.all([owner.sessions(), cluster.client.sessions()]);
  expect(here?.epoch).toBe(there?.epoch);
  for (const address of await innerAddresses(cluster.client)) {
    expect(await answeredBy(cluster, address)).toEqual([await macOf(owner)]);
  }
}

/** Drops what the server's outer wire brings and takes, as a router that lost its way would. */
async function blackHole(server: DaemonProcess): Promise<void> {
  const rules = ["iifname outer drop", "oifname outer drop"];
  await server.namespace.run("nft", "add table inet hole");
  for (const [index, hook] of (["input", "output"] as const).entries()) {
    await server.namespace.run("nft", `add chain inet hole ${hook} { type filter hook ${hook} priority 0; }`);
    await server.namespace.run("nft", `add rule inet hole ${hook} ${rules[index]}`);
  }
}

async function macOf(server: DaemonProcess): Promise<string> {
  const [link] = JSON.parse(await server.namespace.ip("-json", "link", "show", lanInterface)) as { address: string }[];
  return link?.address ?? "";
}

/** Every hardware address that answers on the LAN for an inner address, asked anew. */
async function answeredBy({ host }: Cluster, address: string): Promise<string[]> {
  const watch = await startTraffic(host, "neighbours", lanInterface, address);
  await host.ip("neigh", "flush", "dev", lanInterface);
  await ping(host, address);
  return (await findings<Spoken>(watch)).answers;
}
