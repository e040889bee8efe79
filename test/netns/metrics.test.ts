import { expect, test } from "vitest";
import type { DaemonProcess } from "../../src/cli/demo/daemon-process.ts";
import { Lab } from "../../src/cli/demo/lab.ts";
import { serviceUrl, startService, startTransfer, transferResult } from "../../src/cli/demo/traffic.ts";
import { catalogue } from "../../src/daemon/metrics/catalogue.ts";
import { metricPrefix } from "../../src/daemon/metrics/metric.ts";
import { ping } from "./harness/node.ts";
import { metricsSpokenOf } from "./harness/monitoring.ts";
import { get, sampleOf } from "./harness/scrape.ts";
import { describeNetns, prefix } from "./harness/suite.ts";

const absent = new Set(["reload_timestamp_seconds", "process_memory_limit_bytes"]);
const monitoring = { prometheus: { per_identity: 1 } };

const held = async (daemon: DaemonProcess): Promise<number> => (await daemon.status()).resources.buffer_bytes;

describeNetns("metrics of real daemons", () => {
  test("are all there, and grow with traffic as ctl's figures do", async () => {
    await using lab = await Lab.create(prefix, { monitoring });
    const endpoints = [{ address: "127.0.0.1:9090" }];
    await lab.server.reconfigure({
      rate_limit: { global: { base_rate: "1gbit" } },
      services: [{ name: "self", listen: `${lab.inner}:80`, max_connections: 10, endpoints }],
    });
    const client = await lab.client("laptop-ann", { monitoring });
    await lab.start(client);
    const before = await get(lab.server.namespace, "/metrics");
    expect(before).toMatchObject({ status: 200, type: "text/plain; version=0.0.4; charset=utf-8" });
    expect(await ping(client.namespace, lab.inner, 20, 1000)).toMatchObject({ received: 20 });
    // From an address that is not the client's own.
    await client.namespace.ip("addr", "add", "10.9.9.9/32", "dev", "tun0");
    await client.namespace.run("ip", "route", "replace", "10.8.0.0/16", "dev", "tun0", "src", "10.9.9.9");
    await ping(client.namespace, lab.inner, 3);

    const [onServer, onClient] = await Promise.all(
      [lab.server, client].map(async ({ namespace }) => (await get(namespace, "/metrics")).text),
    );
    const status = await lab.server.status();
    const grown = (name: string): number => sampleOf(onServer ?? "", name) - sampleOf(before.text, name);
    expect(grown('sssonector_tunnel_packets_total{direction="rx"}')).toBeGreaterThanOrEqual(23);
    expect(sampleOf(onServer ?? "", 'sssonector_tunnel_bytes_total{direction="rx"}')).toBe(status.rx_bytes);
    expect(sampleOf(onServer ?? "", 'sssonector_tunnel_bytes_total{direction="tx"}')).toBe(status.tx_bytes);
    const spoofed = 'sssonector_dropped_packets_total{reason="spoofed_source",side="inbound"}';
    expect(sampleOf(onServer ?? "", spoofed)).toBe(status.dropped["spoofed_source"]);
    expect(grown(spoofed)).toBeGreaterThanOrEqual(3);
    expect(sampleOf(onServer ?? "", 'sssonector_events_total{code="spoofed_source"}')).toBe(1);
    expect(sampleOf(onServer ?? "", "sssonector_links_opened_total")).toBe(1);
    expect(sampleOf(onServer ?? "", 'sssonector_identity_connections{identity="laptop-ann"}')).toBe(1);
    expect(sampleOf(onClient ?? "", 'sssonector_backend_state{backend="edge-01",state="up"}')).toBe(1);
    expect(sampleOf(onClient ?? "", 'sssonector_loop_utilization_ratio{thread="data-1"}')).toBeGreaterThanOrEqual(0);

    expect(sampleOf(onServer ?? "", 'sssonector_service_state{service="self",state="up"}')).toBe(1);
    expect(sampleOf(onServer ?? "", 'sssonector_bucket_limit{bucket="global/up",unit="bytes"}')).toBe(125_000_000);

    // Backends are a client's; no reload has been yet, and nothing limits the memory here.
    const both = `${onServer ?? ""}${onClient ?? ""}`;
    for (const { name } of catalogue) {
      if (!absent.has(name)) expect(both).toMatch(new RegExp(`^${metricPrefix}${name}[{ ]`, "m"));
    }

    const spokenOf = metricsSpokenOf();
    expect(spokenOf.length).toBeGreaterThan(25);
    for (const name of spokenOf) expect(both).toMatch(new RegExp(`^# TYPE ${name} (counter|gauge)$`, "m"));

    expect(await get(client.namespace, "/readyz")).toMatchObject({ status: 200, text: "ready\n" });
    await lab.server.end("SIGKILL");
    expect((await client.ctl("wait", "--for", "state=degraded", "--timeout", "20s")).code).toBe(0);
    expect(await get(client.namespace, "/readyz")).toMatchObject({ status: 503, text: "degraded\n" });
    expect(await get(client.namespace, "/healthz")).toMatchObject({ status: 200 });
  });

  test("buffers are there from the start where that is asked for; else they come with traffic and go", async () => {
    const prealloc = { buffers: { prealloc: true, cleanup_interval: "1s" } };
    await using lab = await Lab.create(prefix, { buffers: { cleanup_interval: "1h" } });
    const client = await lab.client("laptop-ann", prealloc);
    await lab.start(client);
    await expect.poll(() => held(client), { timeout: 20_000 }).toBe(20 * 512 * 1024);
    lab.use(await startService(lab.server.namespace, lab.inner));
    const transfer = startTransfer(client.namespace, serviceUrl(lab.inner, `/bytes?count=${64 * 1024 ** 2}`));
    expect(await transferResult(transfer)).toMatchObject({ equal: true });
    await expect.poll(() => held(lab.server), { timeout: 20_000 }).toBeGreaterThan(512 * 1024);
    await lab.server.reconfigure({ buffers: { cleanup_interval: "1s" } });
    expect((await lab.server.ctl("reload", "--yes")).stdout).toContain("buffers.cleanup_interval");
    // The next packet of the TUN lands in the one that stays.
    await expect.poll(() => held(lab.server), { timeout: 20_000 }).toBe(512 * 1024);
    await expect.poll(() => held(client), { timeout: 20_000 }).toBe(20 * 512 * 1024);
    const { stdout } = await client.ctl("metrics");
    console.log(
      stdout
        .split("\n")
        .filter((line) => line.startsWith("sssonector_buffer_"))
        .join("\n"),
    );
    expect(sampleOf(stdout, "sssonector_buffer_bytes")).toBe(20 * 512 * 1024);
  });

  test("a port that is in use does not stop the daemon; a reload takes another one", async () => {
    await using lab = await Lab.create(prefix, { monitoring: { prometheus: { port: 8443 } } });
    await lab.server.reconfigure({ tunnel: { listen: "127.0.0.1:8443" } });
    await lab.start();
    const status = await lab.server.status();
    expect(status.state).toBe("ready");
    expect(status.alerts.map(({ code }) => code)).toContain("metrics_unavailable");
    expect((await lab.server.ctl("health")).code).toBe(1);
    await lab.server.reconfigure({ monitoring: { prometheus: { port: 9091 } } });
    expect((await lab.server.ctl("reload", "--yes")).code).toBe(0);
    const { text } = await get(lab.server.namespace, "/metrics", 9091);
    expect(sampleOf(text, 'sssonector_reloads_total{result="applied"}')).toBe(1);
    expect(sampleOf(text, "sssonector_reload_ok")).toBe(1);
    expect((await lab.server.status()).alerts.map(({ code }) => code)).not.toContain("metrics_unavailable");
  });
});
