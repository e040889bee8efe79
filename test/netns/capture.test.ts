import { expect, test } from "vitest";
import { Lab } from "../../src/cli/demo/lab.ts";
import { findings, startTraffic, traffic } from "./harness/node.ts";
import { describeNetns, prefix } from "./harness/suite.ts";
import type { CaptureResult } from "./harness/traffic/capture.ts";

const marker = "plaintext-marker-7f3a";

describeNetns("the outer link", () => {
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
