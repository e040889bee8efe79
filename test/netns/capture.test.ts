import { expect, test } from "vitest";
import { Lab } from "../../src/cli/demo/lab.ts";
import { serviceUrl, startService, startTransfer, transferResult } from "../../src/cli/demo/traffic.ts";
import { findings, startTraffic, traffic } from "./harness/node.ts";
import { describeNetns, prefix } from "./harness/suite.ts";
import type { CaptureResult } from "./harness/traffic/capture.ts";

const marker = "plaintext-marker-7f3a";

describeNetns("the outer link", () => {
  test("shows plaintext to the capture where there is some", async () => {
    await using lab = await Lab.create(prefix);
    const { namespace, endpoint } = await lab.wire("plain");
    const outer = lab.use(await startTraffic(namespace, "capture", "outer", marker));
    const [host = ""] = endpoint.split(":");
    lab.use(await startTraffic(lab.server.namespace, "udp-echo", host, 9000));
    await traffic(namespace, "marked", "send", host, 9000, marker, 5);
    lab.use(await startService(lab.server.namespace, host));
    await transferResult(lab.use(startTransfer(namespace, serviceUrl(host, "/bytes?count=100000"))));
    const { marked, kinds, streams } = await findings<CaptureResult>(outer);
    expect(marked).toBe(10);
    expect(kinds["other"]).toBe(10);
    expect(streams.map(({ tls }) => tls)).toEqual([false, false]);
  });

  test("carries TLS records and nothing else, and no plaintext", async () => {
    await using lab = await Lab.create(prefix);
    const client = await lab.client("laptop-ann");
    const outer = lab.use(await startTraffic(client.namespace, "capture", "outer", marker));
    await lab.start(client);
    const inner = lab.use(await startTraffic(client.namespace, "marked", "watch", "tun0", marker));
    lab.use(await startTraffic(lab.server.namespace, "udp-echo", lab.inner, 9000));
    expect(await traffic(client.namespace, "marked", "send", lab.inner, 9000, marker, 200)).toEqual({ echoed: 200 });
    // The marker does pass the tunnel in clear inside, so its absence outside means something.
    expect(await findings<{ marked: number }>(inner)).toEqual({ marked: 400 });
    const { marked, kinds, streams } = await findings<CaptureResult>(outer);
    expect(marked).toBe(0);
    expect(Object.keys(kinds).filter((kind) => !["tcp", "arp", "icmpv6"].includes(kind))).toEqual([]);
    expect(streams).toHaveLength(2);
    for (const stream of streams) {
      expect(stream).toMatchObject({ tls: true, marked: false });
      expect(stream.bytes).toBeGreaterThan(200 * marker.length);
    }
  });
});
