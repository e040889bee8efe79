import { readFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { Lab } from "../../src/cli/demo/lab.ts";
import { startTraffic, traffic } from "../netns/harness/node.ts";
import { describeNetns, prefix } from "../netns/harness/suite.ts";

const marker = "plaintext-marker-91bd";

describeNetns("ctl capture", () => {
  test("writes the inner packets of one session as tcpdump reads them, and nobody else's", async () => {
    await using lab = await Lab.create(prefix);
    const [ann, bob] = [await lab.client("laptop-ann"), await lab.client("laptop-bob")];
    await lab.start(ann, bob);
    const sessions = await lab.server.sessions();
    const session = sessions.find(({ identity }) => identity === "laptop-ann");
    const file = path.join(lab.directory, "inner.pcap");
    const capture = lab.server.ctl("capture", "--session", session?.id ?? "", "-w", file, "--for", "3s");
    // The audit's line, when it has begun.
    await lab.server.process.line(/capture [0-9a-f]+: done/);
    lab.use(await startTraffic(lab.server.namespace, "udp-echo", lab.inner, 9000));
    for (const client of [ann, bob]) {
      await traffic(client.namespace, "marked", "send", lab.inner, 9000, `${marker} of ${client.name}`, 50);
    }
    const { code, stderr } = await capture;
    expect(code, stderr).toBe(0);
    const text = await ann.namespace.run("tcpdump", "-n", "-A", "-r", file, "udp port 9000");
    expect(text.match(new RegExp(`${marker} of laptop-ann`, "g"))?.length).toBe(100);
    expect(text).not.toContain("laptop-bob");
    const inner = session?.inner.find((address) => !address.includes(":")) ?? "";
    expect(text).toContain(`IP ${inner}.`);
  });
});

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
