import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { Cluster, service } from "../../src/cli/demo/cluster.ts";
import type { DaemonProcess } from "../../src/cli/demo/daemon-process.ts";
import { serviceUrl, startTransfer, transferResult } from "../../src/cli/demo/traffic.ts";
import type { Backend } from "../../src/shared/control/snapshot.ts";
import { EmulatedLink } from "../rig/emulated-link.ts";
import { describeNetns, prefix } from "./harness/suite.ts";

/** Round trips are measured often enough for a test. */
const measured = { health: { interval: "200ms" } };

async function backendOf(client: DaemonProcess, server: DaemonProcess): Promise<Backend> {
  const { stdout } = await client.ctl("--json", "backends");
  const { backends } = JSON.parse(stdout) as { backends: Backend[] };
  return backends.find(({ name }) => name === server.name) ?? expect.fail(stdout);
}

/** Codes of what would tell of a failover, a false alarm or an oscillation. */
async function alarms(client: DaemonProcess, since: number): Promise<string[]> {
  const telling = new Set(["link_up", "link_down", "connect_failed", "breaker_changed", "backend_changed", "goaway"]);
  return (await client.events(since)).map(({ code }) => code).filter((code) => telling.has(code));
}

describeNetns("one slow server", () => {
  test("loses weight, and the session does not go to and fro", async () => {
    await using cluster = await Cluster.create(prefix, "none", measured);
    const { client, servers } = cluster;
    const wire = { namespace: client.namespace, interface: "wire1" };
    const link = cluster.use(await EmulatedLink.replaceVeth(wire, servers[0].namespace));
    await cluster.start();
    // The round trips of both are known once the session was on both.
    for (const [left, taken] of [servers, servers.toReversed()] as [DaemonProcess, DaemonProcess][]) {
      await client.ctl("drain", left.name, "--yes");
      const known = async (): Promise<boolean> => {
        const { current, rtt_ms } = await backendOf(client, taken);
        return current && rtt_ms !== null;
      };
      await expect.poll(known, { timeout: 20_000 }).toBe(true);
      await client.ctl("ready", left.name, "--yes");
    }
    const [slow, fast] = servers;
    const since = Date.now();
    await link.set({ delay_ms: 40 });
    const weights: number[] = [];
    const look = async (): Promise<number> => {
      const { effective_weight: weight } = await backendOf(client, slow);
      if (weight !== weights.at(-1)) weights.push(weight);
      return weight;
    };
    await expect.poll(look, { timeout: 40_000, interval: 500 }).toBeLessThan(30);
    const seconds = ((Date.now() - since) / 1000).toFixed(1);
    const rtt = (await backendOf(client, slow)).rtt_ms;
    console.log(`a server with ${rtt} ms: weight 100 to ${weights.at(-1)} in ${seconds} s (${weights.join(" ")})`);
    expect(weights).toEqual(weights.toSorted((one, other) => other - one));
    // A first round trip, of processes that just started, may cost the other one a little.
    expect((await backendOf(client, fast)).effective_weight).toBeGreaterThan(2 * Number(weights.at(-1)));
    expect(await alarms(client, since)).toEqual([]);
  });
});

describeNetns("an uplink of 2 Mbit/s", () => {
  // By hand a minute, or as long as one likes.
  const seconds = Number(process.env["SATURATED_SECONDS"] ?? 20);

  test(`saturated for ${seconds} s: no link is declared dead, and nothing moves`, async () => {
    await using cluster = await Cluster.create(prefix, "proxy_arp");
    await cluster.start();
    const { client } = cluster;
    for (const wire of ["wire1", "wire2"])
      await client.namespace.run(...`tc qdisc add dev ${wire} root tbf rate 2mbit burst 16kb latency 400ms`.split(" "));
    const { used } = await cluster.places();
    const since = Date.now();
    const before = (await used.status()).rx_bytes;
    const upload = cluster.use(startTransfer(client.namespace, serviceUrl(service, "/upload"), 1024 ** 3));
    await delay(seconds * 1000);
    const moved = (await used.status()).rx_bytes - before;
    const limited = async (): Promise<(string | undefined)[]> =>
      (await client.connections()).map(({ limited_by }) => limited_by);
    await expect.poll(limited, { timeout: 20_000 }).toContain("backend_rtt");
    // What is asked meanwhile comes through as well.
    const asked = startTransfer(client.namespace, serviceUrl(service, "/bytes?count=100000"));
    expect(await transferResult(asked)).toMatchObject({ equal: true });
    await upload.end("SIGTERM");
    const rate = ((moved * 8) / seconds / 1e6).toFixed(2);
    console.log(`an uplink of 2 Mbit/s: ${rate} Mbit/s for ${seconds} s, no link lost`);
    expect(await alarms(client, since)).toEqual([]);
    expect((await client.connections()).map(({ backend }) => backend)).toEqual([used.name]);
    // At least three quarters of what the wire could carry, so it was saturated indeed.
    expect(moved).toBeGreaterThan(((2e6 / 8) * seconds * 3) / 4);
  });
});
