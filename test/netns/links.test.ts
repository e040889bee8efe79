import { expect, test } from "vitest";
import type { ConfigBlocks, DaemonProcess } from "../../src/cli/demo/daemon-process.ts";
import { Lab } from "../../src/cli/demo/lab.ts";
import type { Running } from "../../src/cli/demo/running.ts";
import { serviceUrl, startService, startTransfer, transferResult } from "../../src/cli/demo/traffic.ts";
import type { Connection } from "../../src/shared/control/snapshot.ts";
import { accountOf } from "./harness/accounts.ts";
import { describeNetns, prefix } from "./harness/suite.ts";

const waiting = { timeout: 20_000, interval: 200 };

/** A server with a service on it and a client with such a pool, both running. */
async function labWith(
  pool: Record<string, unknown>,
  server: ConfigBlocks = {},
): Promise<{ lab: Lab; client: DaemonProcess }> {
  await using resources = new AsyncDisposableStack();
  const lab = resources.use(await Lab.create(prefix));
  await lab.server.reconfigure(server);
  const client = await lab.client("laptop-ann", { pool });
  await lab.start(client);
  lab.use(await startService(lab.server.namespace, lab.inner));
  resources.move();
  return { lab, client };
}

async function transfers(lab: Lab, client: DaemonProcess, count: number, query: string): Promise<Running[]> {
  const started = Array.from({ length: count }, () =>
    lab.use(startTransfer(client.namespace, serviceUrl(lab.inner, query))),
  );
  await Promise.all(started.map(async (transfer) => await transfer.line(/"bytes":[1-9]/)));
  return started;
}

async function active(daemon: DaemonProcess): Promise<Connection[]> {
  return (await daemon.connections()).filter(({ state }) => state === "active");
}

async function hasLinks(daemon: DaemonProcess, count: number): Promise<void> {
  await expect.poll(async () => (await active(daemon)).length, waiting).toBe(count);
}

describeNetns("a session with several links", () => {
  test("grows to four under eight flows and shrinks without them, and every frame is accounted for", async () => {
    const { lab, client } = await labWith({ idle_timeout: "2s", cleanup_interval: "1s" });
    await using _ = lab;
    const [lone] = await transfers(lab, client, 1, "/stream?seconds=2&mbps=100");
    expect((await transferResult(lone as Running)).equal).toBe(true);
    expect(await active(client)).toHaveLength(1);
    const eight = await transfers(lab, client, 8, "/stream?seconds=5&mbps=20");
    await hasLinks(client, 4);
    expect(await lab.server.sessions()).toMatchObject([{ links: 4, epoch: 1 }]);
    // Flows that begin now are spread.
    const more = await transfers(lab, client, 8, "/bytes?count=5000000");
    for (const transfer of [...eight, ...more]) expect((await transferResult(transfer)).equal).toBe(true);
    expect((await active(client)).filter(({ rx_bytes }) => rx_bytes > 4_000_000).length).toBeGreaterThan(1);
    await hasLinks(client, 1);
    await hasLinks(lab.server, 1);
    await expect.poll(async () => (await accountOf([client, lab.server])).lost, waiting).toBe(0);
    const account = await accountOf([client, lab.server]);
    console.log(`grown to 4 links and back: ${account.accepted} link frames, drops ${JSON.stringify(account.dropped)}`);
    expect(account.dropped).toEqual({});
    expect((await client.events()).filter(({ code }) => code === "link_down")).toEqual([]);
  });

  test("goes on when one of four is killed under transfers, and replaces it", async () => {
    const { lab, client } = await labWith({ initial_size: 4 });
    await using _ = lab;
    await hasLinks(client, 4);
    const running = await transfers(lab, client, 12, "/stream?seconds=3&mbps=20");
    const before = await active(client);
    const since = Date.now();
    // The first one: the session's own.
    const { id } = before.toSorted((one, other) => one.id.localeCompare(other.id))[0] as Connection;
    const ports = (await client.namespace.run("ss", "-Htn", "dst", "198.18.1.1")).matchAll(/198\.18\.1\.2:(\d+)/g);
    const [port] = [...ports].map(([, number]) => Number(number)).toSorted((one, other) => one - other);
    await client.namespace.run("ss", "-K", "dst", "198.18.1.1", "sport", "=", `:${port ?? 0}`);
    const results = await Promise.all(running.map(transferResult));
    expect(results.every(({ equal }) => equal)).toBe(true);
    const gaps = results.map(({ longest_gap_ms }) => Math.round(longest_gap_ms)).toSorted((one, other) => one - other);
    console.log(`one of 4 links killed (${id}): longest gaps of 12 transfers ${gaps.join(" ")} ms`);
    await hasLinks(client, 4);
    await hasLinks(lab.server, 4);
    expect((await active(client)).filter(({ id: one }) => before.some((old) => old.id === one))).toHaveLength(3);
    expect(await lab.server.sessions()).toMatchObject([{ epoch: 1 }]);
    const codes = (await client.events(since)).map(({ code }) => code);
    expect(codes.filter((code) => code === "link_down")).toHaveLength(1);
    for (const code of ["connect_failed", "breaker_changed", "backend_changed"]) expect(codes).not.toContain(code);
    expect((await client.status()).alerts).toEqual([]);
  });

  test("replaces each link that has carried its bytes, under traffic both ways, and loses nothing", async () => {
    // The server notices and asks; the client makes the replacement.
    const server = { security: { certificates: { rotation_bytes: "4MB" } } };
    const { lab, client } = await labWith({ initial_size: 2, max_size: 2 }, server);
    await using _ = lab;
    await hasLinks(client, 2);
    const since = Date.now();
    const down = await transfers(lab, client, 3, "/stream?seconds=4&mbps=30");
    const url = serviceUrl(lab.inner, "/upload");
    const up = [1, 2].map(() => lab.use(startTransfer(client.namespace, url, 20_000_000)));
    for (const transfer of [...down, ...up]) expect((await transferResult(transfer)).equal).toBe(true);
    await expect.poll(async () => (await client.connections()).length, waiting).toBe(2);
    await expect.poll(async () => (await accountOf([client, lab.server])).lost, waiting).toBe(0);
    const account = await accountOf([client, lab.server]);
    const codes = (await client.events(since)).map(({ code }) => code);
    const replaced = codes.filter((code) => code === "link_up").length;
    // Both ends tell each step of a link, with its time.
    for (const end of [client, lab.server]) {
      const told = await end.events(since);
      expect(told.find(({ code }) => code === "link_up")?.facts).toMatchObject({
        authenticate_ms: expect.any(Number),
        configure_ms: expect.any(Number),
      });
      const retired = told.filter(({ code }) => code === "link_retired").map(({ facts }) => facts);
      expect(retired.length).toBeGreaterThan(3);
      expect(told.map(({ code }) => code)).not.toContain("link_down");
      for (const facts of retired)
        expect(facts).toMatchObject({ lived_seconds: expect.any(Number), drained_ms: expect.any(Number) });
    }
    console.log(
      `${replaced} links replaced: ${account.accepted} link frames, drops ${JSON.stringify(account.dropped)}`,
    );
    expect(replaced).toBeGreaterThan(3);
    expect(account.dropped).toEqual({});
    for (const code of ["link_down", "connect_failed"]) expect(codes).not.toContain(code);
    expect(await lab.server.sessions()).toMatchObject([{ epoch: 1, links: 2 }]);
  });
});
