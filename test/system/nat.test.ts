import { expect, test } from "vitest";
import type { DaemonProcess } from "../../src/cli/demo/daemon-process.ts";
import { serviceUrl, startTransfer, transferResult } from "../../src/cli/demo/traffic.ts";
import { Cluster, service, service6 } from "../../src/cli/demo/cluster.ts";
import { failedStart, serviceAnswers } from "../netns/harness/cluster-checks.ts";
import { networkState } from "../netns/harness/network-state.ts";
import { describeNetns, prefix } from "../netns/harness/suite.ts";

const network = { interface: "tun0", address: "10.8.0.1/16" };

function tables(daemon: DaemonProcess): Promise<string> {
  return daemon.namespace.run("nft", "list", "tables");
}

describeNetns("nat", () => {
  test("services answer without a route; a drain leaves flows where they are; new ones follow the client", async () => {
    await using cluster = await Cluster.create(prefix, "nat");
    await cluster.start();
    for (const address of [service, service6]) expect(await serviceAnswers(cluster, address)).toBe(true);
    const { used, spare } = await cluster.places();
    expect(await tables(used)).toContain("sssonector_tun0");
    const url = serviceUrl(service, "/stream?seconds=4&mbps=20");
    const transfer = cluster.use(startTransfer(cluster.client.namespace, url));
    await transfer.line(/"bytes":[1-9]/);
    const told = await cluster.client.ctl("drain", used.name, "--dry-run");
    expect(told.stdout).toMatch(
      new RegExp(`would drain ${used.name}: 1 connection with .* to stay, ${spare.name} left`),
    );
    expect(await cluster.client.ctl("drain", used.name, "--yes")).toMatchObject({ code: 0 });
    expect((await transferResult(transfer)).equal).toBe(true);
    expect((await cluster.places()).used.name).toBe(used.name);
    await used.end("SIGKILL");
    await expect.poll(async () => (await cluster.places()).used.name, { timeout: 10_000 }).toBe(spare.name);
    await cluster.client.ready();
    for (const address of [service, service6]) expect(await serviceAnswers(cluster, address)).toBe(true);
  });

  test("flows spread over two servers: when one is killed only its flows break", async () => {
    await using cluster = await Cluster.create(prefix, "nat", { balancer: { mode: "flow" }, pool: { max_size: 1 } });
    await cluster.start();
    const servers = async (): Promise<number> => (await cluster.client.connections()).length;
    await expect.poll(servers, { timeout: 10_000 }).toBe(2);
    const { inner } = await cluster.client.status();
    const url = serviceUrl(service, "/stream?seconds=3&mbps=8");
    const transfers = Array.from({ length: 6 }, () => cluster.use(startTransfer(cluster.client.namespace, url)));
    await Promise.all(transfers.map(async (transfer) => await transfer.line(/"bytes":[1-9]/)));
    const guest = cluster.servers.find((server) => server.log().includes(" spreads a session")) as DaemonProcess;
    await guest.end("SIGKILL");
    const whole = (await Promise.allSettled(transfers.map(transferResult))).filter(
      (result) => result.status === "fulfilled" && result.value.equal,
    ).length;
    console.log(`flows over two servers with nat, one killed: ${whole} of 6 transfers go on`);
    expect(whole).toBeGreaterThan(0);
    expect(whole).toBeLessThan(6);
    expect((await cluster.client.status()).inner).toEqual(inner);
    expect(await serviceAnswers(cluster, service)).toBe(true);
  });

  test("the table goes with TERM, and after KILL with the next start, in whatever mode", async () => {
    await using cluster = await Cluster.create(prefix, "nat");
    const [server] = cluster.servers;
    const before = await networkState(server.namespace);
    server.start();
    await server.ready();
    expect(await tables(server)).toContain("sssonector_tun0");
    await server.end("SIGTERM");
    expect(await networkState(server.namespace)).toEqual(before);
    server.start();
    await server.ready();
    await server.end("SIGKILL");
    expect(await tables(server)).toContain("sssonector_tun0");
    await server.reconfigure({ network: { ...network, forwarding: { mode: "none" } } });
    server.start();
    await server.ready();
    expect(await tables(server)).toBe("");
    await server.end("SIGTERM");
    expect(await networkState(server.namespace)).toEqual(before);
  });

  test("without nft the daemon says what mends it", async () => {
    await using cluster = await Cluster.create(prefix, "nat");
    const hide = 'mount -t tmpfs none "$(dirname "$(readlink -f "$(command -v nft)")")" && exec "$@"';
    const log = await failedStart(cluster.servers[0], "unshare", "--mount", "sh", "-c", hide, "sh");
    expect(log).toMatch(/nft_missing.*apt-get install nftables/s);
  });
});
