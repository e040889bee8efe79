import { expect, test } from "vitest";
import { Cluster, service } from "../../src/cli/demo/cluster.ts";
import type { Running } from "../../src/cli/demo/running.ts";
import { serviceUrl, startTransfer, transferResult } from "../../src/cli/demo/traffic.ts";
import type { Connection } from "../../src/shared/control/snapshot.ts";
import { describeNetns, prefix } from "./harness/suite.ts";

const waiting = { timeout: 20_000, interval: 200 };

async function streams(cluster: Cluster, count: number, seconds: number): Promise<Running[]> {
  const url = serviceUrl(service, `/stream?seconds=${seconds}&mbps=8`);
  const started = Array.from({ length: count }, () => cluster.use(startTransfer(cluster.client.namespace, url)));
  await Promise.all(started.map(async (transfer) => await transfer.line(/"bytes":[1-9]/)));
  return started;
}

async function active(cluster: Cluster): Promise<Connection[]> {
  return (await cluster.client.connections()).filter(({ state }) => state === "active");
}

async function hasServers(cluster: Cluster, ...names: string[]): Promise<void> {
  const backends = async (): Promise<string[]> => [
    ...new Set((await active(cluster)).map(({ backend }) => backend).toSorted()),
  ];
  await expect.poll(backends, waiting).toEqual(names.toSorted());
}

async function longestGap(transfers: readonly Running[]): Promise<number> {
  const results = await Promise.all(transfers.map(transferResult));
  expect(results.every(({ equal }) => equal)).toBe(true);
  return Math.round(Math.max(...results.map(({ longest_gap_ms }) => longest_gap_ms)));
}

async function current(cluster: Cluster): Promise<string> {
  const { stdout } = await cluster.client.ctl("--json", "backends");
  const { backends } = JSON.parse(stdout) as { backends: { name: string; current: boolean }[] };
  return backends.find((backend) => backend.current)?.name ?? "";
}

describeNetns("balancer.mode flow over two servers", () => {
  test("both carry flows; when one is killed its flows move, and the session with it if it was there", async () => {
    const blocks = { balancer: { mode: "flow" }, pool: { max_size: 1 } };
    await using cluster = await Cluster.create(prefix, "proxy_arp", blocks);
    await cluster.start();
    const [first, second] = cluster.servers;
    await hasServers(cluster, first.name, second.name);
    const home = (await current(cluster)) === first.name ? first : second;
    const guest = home === first ? second : first;
    const { inner } = await cluster.client.status();

    const spread = await streams(cluster, 6, 3);
    const sent = (await active(cluster)).map(({ tx_bytes }) => tx_bytes);
    expect(Math.min(...sent)).toBeGreaterThan(200);
    expect(await guest.sessions()).toMatchObject([{ inner, epoch: 1, links: 1 }]);
    await guest.end("SIGKILL");
    console.log(`flow mode: a server of two killed, longest gap of 6 transfers ${await longestGap(spread)} ms`);
    expect(await current(cluster)).toBe(home.name);
    expect(await home.sessions()).toMatchObject([{ epoch: 1 }]);

    guest.start();
    await guest.ready();
    await hasServers(cluster, home.name, guest.name);
    const others = await streams(cluster, 6, 3);
    await home.end("SIGKILL");
    console.log(`flow mode: the session's own server killed, longest gap ${await longestGap(others)} ms`);
    expect(await current(cluster)).toBe(guest.name);
    expect(await guest.sessions()).toMatchObject([{ inner, epoch: 2, links: 1 }]);
    expect((await cluster.client.status()).inner).toEqual(inner);
  });
});
