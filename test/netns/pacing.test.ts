import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { Lab } from "../../src/cli/demo/lab.ts";
import type { Namespace } from "../../src/cli/demo/namespace.ts";
import { EmulatedLink } from "../rig/emulated-link.ts";
import { describeNetns, prefix } from "./harness/suite.ts";

const host = (await readFile("/proc/sys/net/ipv4/tcp_congestion_control", "utf8")).trim();
const paces = host.startsWith("bbr");

/** Congestion control of the established TCP connections of a namespace that have a port 8443 at one end. */
async function algorithms(namespace: Namespace): Promise<string[]> {
  const shown = await namespace.run(..."ss -tinH state established ( sport = :8443 or dport = :8443 )".split(" "));
  return [...shown.matchAll(/ (\w+) wscale:/g)].map(([, name = ""]) => name);
}

describeNetns(`congestion control where the host's is ${host}`, () => {
  test.each([
    ["short", 0, paces ? "reno" : host],
    ["long", 4, host],
  ])("of a link over a %s path", async (_, delay, algorithm) => {
    await using lab = await Lab.create(prefix);
    const client = await lab.client("laptop-ann");
    if (delay > 0) {
      const end = { namespace: client.namespace, interface: "outer" };
      lab.use(await EmulatedLink.replaceVeth(end, lab.server.namespace, { both: { delay_ms: delay } }));
    }
    await lab.start(client);
    for (const { namespace } of [client, lab.server]) expect(await algorithms(namespace)).toEqual([algorithm]);
  });
});
