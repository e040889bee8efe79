import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { Cluster, lanInterface, service } from "../../src/cli/demo/cluster.ts";
import { failedStart, serviceAnswers } from "./harness/cluster-checks.ts";
import { findings, ping, startTraffic, traffic } from "./harness/node.ts";
import { describeNetns, prefix } from "./harness/suite.ts";

interface Spoken {
  answers: string[];
  announcements: { mac: string; at_ms: number }[];
}

/** What is said on the LAN about an address while `act` runs. */
async function spokenOf(cluster: Cluster, address: string, act: () => Promise<unknown>): Promise<Spoken> {
  const watch = cluster.use(await startTraffic(cluster.host, "neighbours", lanInterface, address));
  await act();
  return await findings<Spoken>(watch);
}

async function innerOf(cluster: Cluster): Promise<[v4: string, v6: string]> {
  const [v4 = "", v6 = ""] = (await cluster.client.status()).inner;
  return [v4, v6];
}

describeNetns("proxy_arp", () => {
  test("answers for the addresses of sessions that have a link, for nothing else, and for nothing after the end", async () => {
    await using cluster = await Cluster.create(prefix, "proxy_arp");
    await cluster.start();
    const [v4, v6] = await innerOf(cluster);
    const { used } = await cluster.places();
    const [{ address: mac } = { address: "" }] = JSON.parse(
      await used.namespace.ip("-json", "link", "show", lanInterface),
    ) as { address: string }[];
    for (const address of [v4, v6]) {
      await cluster.host.ip("neigh", "flush", "dev", lanInterface);
      const { answers } = await spokenOf(cluster, address, async () => {
        expect(await ping(cluster.host, address)).toMatchObject({ received: 5 });
      });
      expect(answers).toEqual([mac]);
    }
    for (const address of ["10.8.1.200", "10.8.2.200", "fd00:8:0:1::200"]) {
      const { answers } = await spokenOf(cluster, address, async () => {
        expect(await ping(cluster.host, address, 2)).toMatchObject({ received: 0 });
      });
      expect(answers).toEqual([]);
    }
    await cluster.client.end("SIGTERM");
    await cluster.host.ip("neigh", "flush", "dev", lanInterface);
    const { answers } = await spokenOf(cluster, v4, async () => await ping(cluster.host, v4, 2));
    expect(answers).toEqual([]);
  });

  test("a takeover is announced three times", async () => {
    await using cluster = await Cluster.create(prefix, "proxy_arp");
    await cluster.start();
    const { used, spare } = await cluster.places();
    for (const address of await innerOf(cluster)) {
      const { used: now } = await cluster.places();
      const spoken = await spokenOf(cluster, address, async () => {
        await cluster.client.ctl("drain", now.name, "--yes");
        await expect.poll(async () => (await cluster.places()).used.name, { timeout: 10_000 }).not.toBe(now.name);
        await delay(1000);
      });
      // The last of the server before may still be on its way when the watch begins.
      const announcements = spoken.announcements.filter(({ mac }) => mac === spoken.announcements.at(-1)?.mac);
      const [first] = announcements;
      console.log(`announced after ${announcements.map(({ at_ms }) => at_ms - (first?.at_ms ?? 0)).join(", ")} ms`);
      expect(announcements).toHaveLength(3);
      await cluster.client.ctl("ready", now.name, "--yes");
    }
    expect([used.name, spare.name].toSorted()).toEqual(["eu-1", "eu-2"]);
  });

  test("an address that a host takes which is no server comes back with the session", async () => {
    await using cluster = await Cluster.create(prefix, "proxy_arp");
    await cluster.start();
    const before = await innerOf(cluster);
    const [v4] = before;
    expect(await ping(cluster.host, v4)).toMatchObject({ received: 5 });
    const { spare } = await cluster.places();
    expect(await traffic(spare.namespace, "announce", lanInterface, v4)).toEqual({ sent: true });
    expect(await ping(cluster.host, v4, 1)).toMatchObject({ received: 0 });
    await expect.poll(async () => (await cluster.client.sessions())[0]?.epoch, { timeout: 15_000 }).toBe(2);
    expect(await innerOf(cluster)).toEqual(before);
    expect(await ping(cluster.host, v4)).toMatchObject({ received: 5 });
  });

  test("without CAP_NET_RAW, and with an interface that isn't there, the daemon says what mends it", async () => {
    await using cluster = await Cluster.create(prefix, "proxy_arp");
    const [server] = cluster.servers;
    const drop = ["setpriv", "--bounding-set", "-net_raw", "--inh-caps", "-net_raw"];
    expect(await failedStart(server, ...drop)).toMatch(/lan_permission.*CAP_NET_RAW/s);
    await server.reconfigure({ network: { ...network, forwarding: { mode: "proxy_arp", interface: "lan9" } } });
    expect(await failedStart(server)).toMatch(/lan_interface.*lan9/s);
    expect(await server.namespace.ip("link")).not.toContain("tun0");
  });

  test("an interface that goes down is told, and announced anew when it is back", async () => {
    await using cluster = await Cluster.create(prefix, "proxy_arp");
    await cluster.start();
    const { used } = await cluster.places();
    const [v4] = await innerOf(cluster);
    const codes = async (): Promise<string[]> => (await used.status()).alerts.map(({ code }) => code);
    await used.namespace.ip("link", "set", lanInterface, "down");
    await expect.poll(codes, { timeout: 10_000 }).toContain("lan_down");
    const { announcements } = await spokenOf(cluster, v4, async () => {
      await used.namespace.ip("link", "set", lanInterface, "up");
      await expect.poll(codes, { timeout: 10_000 }).toEqual([]);
      await delay(1000);
    });
    expect(announcements).toHaveLength(3);
    expect(await ping(cluster.client.namespace, service)).toMatchObject({ received: 5 });
  });
});

const network = { interface: "tun0", address: "10.8.0.1/16" };

describeNetns("none", () => {
  test("says nothing on the LAN; answers come back by somebody else's route", async () => {
    await using cluster = await Cluster.create(prefix, "none");
    await cluster.start();
    const [v4] = await innerOf(cluster);
    const { used } = await cluster.places();
    await cluster.host.ip("route", "add", "10.8.0.0/16", "via", `192.168.50.${used.name === "eu-1" ? 1 : 2}`);
    const spoken = await spokenOf(cluster, v4, async () => {
      expect(await serviceAnswers(cluster, service)).toBe(true);
      await cluster.client.ctl("drain", used.name, "--yes");
      await expect.poll(async () => (await cluster.places()).used.name, { timeout: 10_000 }).not.toBe(used.name);
    });
    expect(spoken).toEqual({ answers: [], announcements: [] });
  });
});

describeNetns("what of the kernel's settings stands in the way", () => {
  test("is an alert with the line that mends it, gone when it is mended", async () => {
    await using cluster = await Cluster.create(prefix, "proxy_arp");
    const [server] = cluster.servers;
    const { namespace } = server;
    await namespace.run("sysctl", "-qw", "net.ipv4.ip_forward=0", `net.ipv4.conf.${lanInterface}.rp_filter=1`);
    await server.reconfigure({ network: { ...network, routes: ["198.18.1.0/24"], forwarding } });
    server.start();
    await server.ready();
    const alerts = async (): Promise<string[]> =>
      (await server.status()).alerts.map(({ code, message }) => `${code} ${message.split("; ")[1]}`);
    expect(await alerts()).toEqual([
      "forwarding_off sysctl -w net.ipv4.ip_forward=1",
      `reverse_path_filter sysctl -w net.ipv4.conf.${lanInterface}.rp_filter=2`,
    ]);
    await namespace.run("sysctl", "-qw", "net.ipv4.ip_forward=1", `net.ipv4.conf.${lanInterface}.rp_filter=2`);
    await expect.poll(alerts, { timeout: 20_000, interval: 1000 }).toEqual([]);
    await namespace.run("sysctl", "-qw", `net.ipv4.conf.${lanInterface}.rp_filter=1`);
    await server.end("SIGTERM");
    await server.reconfigure({ network: { ...network, routes: ["192.168.50.0/24"], forwarding } });
    server.start();
    await server.ready();
    expect(await alerts()).toEqual([]);
  });
});

const forwarding = { mode: "proxy_arp", interface: lanInterface };
