import { readFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { Lab } from "../../src/cli/demo/lab.ts";
import { startTraffic, traffic } from "../netns/harness/node.ts";
import { describeNetns, prefix } from "../netns/harness/suite.ts";

const marker = "plaintext-marker-91bd";

describeNetns("tcpdump on the outer link", () => {
  test("sees one TCP connection to the tunnel's port and no plaintext", async () => {
    await using lab = await Lab.create(prefix);
    const client = await lab.client("laptop-ann");
    const file = path.join(lab.directory, "outer.pcap");
    const dump = client.namespace.start("tcpdump", [
      "tcpdump",
      "-i",
      "outer",
      "--immediate-mode",
      "-s",
      "0",
      "-U",
      "-Z",
      "root",
      "-w",
      file,
    ]);
    await dump.complaint(/listening on outer/);
    await lab.start(client);
    lab.use(await startTraffic(lab.server.namespace, "udp-echo", lab.inner, 9000));
    await traffic(client.namespace, "marked", "send", lab.inner, 9000, marker, 100);
    await dump.end("SIGINT");
    const bytes = await readFile(file);
    expect(bytes.length).toBeGreaterThan(100 * marker.length);
    expect(bytes.includes(marker)).toBe(false);
    const others = await client.namespace.run("tcpdump", "-n", "-r", file, "ip and not (tcp port 8443)");
    expect(others.trim()).toBe("");
  });
});
