import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { DaemonProcess } from "../../src/cli/demo/daemon-process.ts";
import { Lab } from "../../src/cli/demo/lab.ts";
import type { Running } from "../../src/cli/demo/running.ts";
import { serviceUrl, startService, startTransfer, transferResult } from "../../src/cli/demo/traffic.ts";
import type { Bucket } from "../../src/shared/control/snapshot.ts";
import { accountOf } from "./harness/accounts.ts";
import { findings, startTraffic } from "./harness/node.ts";
import { describeNetns, prefix } from "./harness/suite.ts";

const bucket = "identity/laptop-ann/down";

describeNetns("rate limits and queues", () => {
  let lab: Lab;
  let client: DaemonProcess;

  beforeAll(async () => {
    lab = await Lab.create(prefix);
    client = await lab.client("laptop-ann");
    await lab.start(client);
    lab.use(await startService(lab.server.namespace, lab.inner));
  });

  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });

  async function rowOf(name: string): Promise<Bucket> {
    const { stdout } = await lab.server.ctl("--json", "buckets");
    const { buckets } = JSON.parse(stdout) as { buckets: Bucket[] };
    return buckets.find((row) => row.name === name) ?? expect.fail(stdout);
  }

  /** Seconds that the client takes for so many bytes from behind the server. */
  async function secondsFor(bytes: number): Promise<number> {
    const begun = performance.now();
    const result = await transferResult(
      startTransfer(client.namespace, serviceUrl(lab.inner, `/bytes?count=${bytes}`)),
    );
    expect(result).toMatchObject({ bytes, equal: true });
    return (performance.now() - begun) / 1000;
  }

  /** From behind the server to the client, some 100 Mbit/s. */
  async function startFlood(): Promise<Running> {
    const [address = ""] = (await client.status()).inner;
    return await startTraffic(lab.server.namespace, "udp-flood", address.replace(/\/.*/, ""), 9);
  }

  /** Mean round trip in milliseconds beside a transfer. */
  async function pingBeside(): Promise<number> {
    const transfer = lab.use(startTransfer(client.namespace, serviceUrl(lab.inner, `/bytes?count=${1024 ** 3}`)));
    await delay(1500);
    const output = await client.namespace.run("ping", "-q", "-i", "0.02", "-c", "50", lab.inner);
    await transfer.end("SIGTERM");
    return Number(/= [\d.]+\/([\d.]+)\//.exec(output)?.[1]);
  }

  test("set-rate holds at once, a ping passes beside the transfer, and undo lifts it", async () => {
    expect(await rowOf(bucket)).toMatchObject({ rate: null, pinned: false });
    expect((await lab.server.ctl("set-rate", bucket, "20mbit", "--burst", "100KB")).code).toBe(0);
    const seconds = await secondsFor(5_000_000);
    console.log(`5 MB at 20 Mbit/s: ${seconds.toFixed(2)} s`);
    expect(seconds).toBeGreaterThan(1.9);
    const ping = pingBeside();
    const connection = async (): Promise<string | undefined> => (await lab.server.connections())[0]?.limited_by;
    await expect.poll(connection, { timeout: 5000 }).toBe("bucket");
    console.log(`ping beside a transfer at 20 Mbit/s: ${(await ping).toFixed(1)} ms`);
    const row = await rowOf(bucket);
    expect(row).toMatchObject({ rate: 2_500_000, burst: 102_400, unit: "bytes", pinned: true, scope: "identity" });
    expect((await lab.server.ctl("undo")).code).toBe(0);
    expect(await rowOf(bucket)).toMatchObject({ rate: null, pinned: false });
    expect(await secondsFor(5_000_000)).toBeLessThan(seconds);
  });

  test("a flow that never slows down takes its share of a limit and no more", async () => {
    expect(await lab.server.ctl("set-rate", bucket, "20mbit", "--burst", "100KB")).toMatchObject({ code: 0 });
    const flood = lab.use(await startFlood());
    const seconds = await secondsFor(2_500_000);
    const { sent } = await findings<{ sent: number }>(flood);
    const { queue_delay = 0, queue_full = 0 } = (await lab.server.status()).dropped;
    console.log(`2.5 MB beside ${sent} datagrams of 1200 bytes, at 20 Mbit/s: ${seconds.toFixed(2)} s`);
    // Alone it takes a second. Behind them in one queue most of its packets would be dropped with theirs.
    expect(seconds).toBeLessThan(10);
    expect(queue_delay + queue_full).toBeGreaterThan(0);
    expect((await lab.server.ctl("undo")).code).toBe(0);
  });

  test("a packet larger than the burst passes, and the bucket is in debt for it", async () => {
    expect(await lab.server.ctl("set-rate", bucket, "1kbit", "--burst", "100B")).toMatchObject({ code: 0 });
    const output = await client.namespace.run("ping", "-q", "-c", "1", "-s", "1000", "-W", "20", lab.inner);
    expect(output).toContain("1 packets transmitted, 1 received");
    // 928 bytes at 125 a second.
    await expect.poll(async () => (await rowOf(bucket)).tokens, { timeout: 5000 }).toBeLessThan(0);
    expect((await lab.server.ctl("undo")).code).toBe(0);
  });

  test("a change that nobody confirms reverts, one that is confirmed stays until it expires", async () => {
    await lab.server.ctl("set-rate", bucket, "1000", "--confirm-within", "3s");
    expect(await rowOf(bucket)).toMatchObject({ rate: 1000, unit: "packets" });
    await expect.poll(async () => (await rowOf(bucket)).rate, { timeout: 20_000 }).toBeNull();
    await lab.server.ctl("set-rate", bucket, "30mbit", "--confirm-within", "3s");
    expect((await lab.server.ctl("confirm")).code).toBe(0);
    await delay(3200);
    expect(await rowOf(bucket)).toMatchObject({ rate: 3_750_000, pinned: true });
    await lab.server.ctl("set-rate", bucket, "30mbit", "--for", "1s");
    await expect.poll(async () => (await rowOf(bucket)).rate, { timeout: 20_000 }).toBeNull();
    const codes = (await lab.server.events()).map(({ code }) => code);
    expect(codes.filter((code) => code === "rate_expired")).toHaveLength(1);
  });

  test("a reload takes other limits, and what a peer sends above them is dropped and counted", async () => {
    await lab.server.reconfigure({ rate_limit: { base_rate: "8mbit", burst_size: "64KB" } });
    expect((await lab.server.ctl("reload")).stdout).toContain("rate_limit.base_rate");
    const [session] = await lab.server.sessions();
    expect(await rowOf(`session/${session?.id}/up`)).toMatchObject({ rate: 1_000_000, burst: 65_536, pinned: false });
    const upload = startTransfer(client.namespace, serviceUrl(lab.inner, "/upload"), 500_000);
    expect(await transferResult(upload)).toMatchObject({ equal: true });
    expect((await lab.server.status()).dropped.over_rate).toBeGreaterThan(0);
    await lab.server.reconfigure({ rate_limit: { base_rate: "unlimited", burst_size: undefined } });
    await lab.server.ctl("reload");
    expect(await rowOf(`session/${session?.id}/up`)).toMatchObject({ rate: null });
  });

  test("over a slow wire without any limit a ping does not wait for the transfer, and no frame is lost", async () => {
    const shape = ["root", "tbf", "rate", "20mbit", "burst", "10kb", "limit", "250kb"];
    await lab.server.namespace.run("tc", "qdisc", "add", "dev", "wire1", ...shape);
    const mean = await pingBeside();
    console.log(`ping beside a transfer over a wire of 20 Mbit/s: ${mean.toFixed(1)} ms`);
    expect(mean).toBeLessThan(80);
    await expect.poll(async () => (await accountOf([lab.server, client])).lost, { timeout: 10_000 }).toBe(0);
  });

  test("with aimd a session's limit falls while its wire takes less, and rises again", async () => {
    const shape = ["root", "tbf", "rate", "10mbit", "burst", "10kb", "limit", "250kb"];
    await lab.server.namespace.run("tc", "qdisc", "replace", "dev", "wire1", ...shape);
    const adaptive = { base_rate: "40mbit", min_rate: "1mbit", adjust: "aimd" };
    await lab.server.reconfigure({ rate_limit: { ...adaptive, burst_size: undefined } });
    expect((await lab.server.ctl("reload", "--yes")).code).toBe(0);
    const [session] = await lab.server.sessions();
    const rate = async (): Promise<number> => (await rowOf(`session/${session?.id}/down`)).rate ?? expect.fail();
    // The wire may still have been full in the second before.
    await expect.poll(rate, { timeout: 20_000 }).toBe(5_000_000);
    const flood = lab.use(await startFlood());
    await expect.poll(rate, { timeout: 20_000 }).toBeLessThan(4_000_000);
    await flood.end("SIGTERM");
    const fallen = await rate();
    // What still waits may take it further down first.
    let last = fallen;
    const rises = async (): Promise<boolean> => {
      const before = last;
      last = await rate();
      return last > before;
    };
    await expect.poll(rises, { timeout: 20_000 }).toBe(true);
    console.log(`40 Mbit/s over a wire of 10 Mbit/s: fell to ${fallen} B/s, rose to ${last} B/s`);
    expect(await rowOf(`session/${session?.id}/up`)).toMatchObject({ rate: 5_000_000 });
  });
});
