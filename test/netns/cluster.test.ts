import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { Cluster, service } from "../../src/cli/demo/cluster.ts";
import type { DaemonProcess } from "../../src/cli/demo/daemon-process.ts";
import { join, Namespace } from "../../src/cli/demo/namespace.ts";
import type { Running } from "../../src/cli/demo/running.ts";
import { serviceUrl, startTransfer, transferResult } from "../../src/cli/demo/traffic.ts";
import { ping, startTraffic } from "./harness/node.ts";
import { describeNetns, prefix } from "./harness/suite.ts";

async function streaming(cluster: Cluster, seconds: number): Promise<Running> {
  const url = serviceUrl(service, `/stream?seconds=${seconds}&mbps=50`);
  const transfer = cluster.use(startTransfer(cluster.client.namespace, url));
  await transfer.line(/"bytes":[1-9]/);
  return transfer;
}

async function links(server: DaemonProcess): Promise<number> {
  return (await server.sessions()).reduce((sum, session) => sum + session.links, 0);
}

describeNetns("the cluster secret", () => {
  test("gets a new key on live servers, one after the other: sessions and transfers survive", async () => {
    await using cluster = await Cluster.create(prefix, "proxy_arp");
    const { authority, client, servers } = cluster;
    await cluster.start();
    const [before] = await client.sessions();
    const since = Date.now();
    const transfer = await streaming(cluster, 8);
    const old = await readFile(authority.clusterSecret, "utf8");
    const next = `next:${randomBytes(32).toString("base64")}\n`;
    // Every server learns to open what the new key seals, then they seal with it, then the old one goes.
    for (const keys of [old + next, next + old, next]) {
      await writeFile(authority.clusterSecret, keys);
      for (const server of servers) expect(await server.ctl("reload", "--yes")).toMatchObject({ code: 0 });
    }
    // What the client has now was sealed by the new key: another server takes it.
    const { used, spare } = await cluster.places();
    expect(await client.ctl("drain", used.name, "--yes")).toMatchObject({ code: 0 });
    await client.ctl("wait", "--for", `drained=${used.name}`, "--timeout", "20s");
    const result = await transferResult(transfer);
    const [after] = await client.sessions();
    console.log(`a new cluster key on two servers, then a move: gap of the TCP transfer ${result.longest_gap_ms} ms`);
    expect(result.equal).toBe(true);
    expect(after).toMatchObject({ id: before?.id, inner: before?.inner });
    expect(await links(spare)).toBe(1);
    const told = (await client.events(since)).map(({ code }) => code);
    for (const code of ["clusters_differ", "link_down"]) expect(told).not.toContain(code);
    // It has no session of this address; the other server might.
    await ping(spare.namespace, "10.8.77.77", 1);
    expect((await spare.status()).dropped).toMatchObject({ not_here: 1 });
    // A file that makes no sense changes nothing.
    await writeFile(authority.clusterSecret, "nonsense");
    expect(await spare.ctl("reload", "--yes")).toMatchObject({ code: 1, stderr: expect.stringContaining("KEYID") });
    expect(await links(spare)).toBe(1);
  });
});

/** What names mean inside a namespace, for programs that are started in it from now on. */
async function knowsName(cluster: Cluster, { name }: Namespace, hosts: string): Promise<void> {
  const directory = `/etc/netns/${name}`;
  cluster.use({ [Symbol.asyncDispose]: async () => await rm(directory, { recursive: true }) });
  await mkdir(directory, { recursive: true });
  await writeFile(`${directory}/hosts`, hosts);
}

describeNetns("two servers behind one name with two addresses", () => {
  test("the links of a session stay at one of them; when that is killed the session goes to the other", async () => {
    await using cluster = await Cluster.create(prefix, "proxy_arp");
    const { client, servers, authority } = cluster;
    const credentials = await authority.issue("server", "site");
    for (const server of servers) await server.reconfigure({ security: { tls: { ...credentials } } });
    const addresses = ["198.18.1.1", "198.18.2.1"];
    await knowsName(cluster, client.namespace, addresses.map((address) => `${address} site.test\n`).join(""));
    await client.reconfigure({
      tunnel: { endpoints: [{ name: "site", address: "site.test:8443" }] },
      pool: { initial_size: 2, max_size: 2 },
    });
    await cluster.start();
    const [before] = await client.sessions();
    const [used, spare] = (await links(servers[0])) > 0 ? servers : servers.toReversed();
    if (used === undefined || spare === undefined) expect.fail();
    const transfer = await streaming(cluster, 6);
    await expect.poll(async () => [await links(used), await links(spare)], { timeout: 20_000 }).toEqual([2, 0]);
    await used.end("SIGKILL");
    await expect.poll(async () => await links(spare), { timeout: 20_000 }).toBeGreaterThan(0);
    const result = await transferResult(transfer);
    console.log(`one name of two servers: gap of the TCP transfer ${result.longest_gap_ms} ms`);
    expect(result.equal).toBe(true);
    const [after] = await client.sessions();
    expect(after).toMatchObject({ id: before?.id, inner: before?.inner });
  });
});

describeNetns("two servers behind one address", () => {
  test("the session stays with the one that has it, and goes to the other one when that is killed", async () => {
    await using cluster = await Cluster.create(prefix, "proxy_arp");
    const { client, servers, authority } = cluster;
    const front = cluster.use(await Namespace.create(prefix, "front"));
    const credentials = await authority.issue("server", "site");
    for (const [at, server] of servers.entries()) {
      await join(
        { namespace: front, interface: `wire${at}`, address: `198.18.1${at}.2/30` },
        { namespace: server.namespace, interface: "front", address: `198.18.1${at}.1/30` },
      );
      await server.reconfigure({ tunnel: { listen: "0.0.0.0:8443" }, security: { tls: { ...credentials } } });
    }
    await join(
      { namespace: client.namespace, interface: "wire3", address: "198.18.3.2/30" },
      { namespace: front, interface: "client", address: "198.18.3.1/30" },
    );
    const targets = servers.map((_, at) => `198.18.1${at}.1:8443`);
    cluster.use(await startTraffic(front, "l4-balancer", 8443, ...targets));
    // The second link would lead to the other server, which does not have the session.
    await client.reconfigure({
      tunnel: { endpoints: [{ name: "site", address: "198.18.3.1:8443" }] },
      pool: { initial_size: 4, max_size: 4 },
    });
    await cluster.start();
    const [before] = await client.sessions();
    const [used, spare] = (await links(servers[0])) > 0 ? servers : servers.toReversed();
    if (used === undefined || spare === undefined) expect.fail();
    const transfer = await streaming(cluster, 8);
    const refusals = async (): Promise<number> =>
      (await client.events()).filter(({ facts }) => facts["reason"] === "peer_not_here").length;
    await expect.poll(refusals, { timeout: 10_000 }).toBeGreaterThan(0);
    expect([await links(used), await links(spare), await refusals()]).toEqual([1, 0, 1]);
    await used.end("SIGKILL");
    await expect.poll(async () => await links(spare), { timeout: 10_000 }).toBeGreaterThan(0);
    const result = await transferResult(transfer);
    console.log(`two servers behind one address: gap of the TCP transfer ${result.longest_gap_ms} ms`);
    expect(result.equal).toBe(true);
    const [after] = await client.sessions();
    expect(after).toMatchObject({ id: before?.id, inner: before?.inner });
  });
});
