import { expect, test } from "vitest";
import { Lab, serverName } from "../../src/cli/demo/lab.ts";
import { Namespace } from "../../src/cli/demo/namespace.ts";
import { doctor } from "../netns/harness/doctor.ts";
import { describeNetns, prefix } from "../netns/harness/suite.ts";

/** The namespace of both ends, joined by a bridge between them. */
async function bridged(lab: Lab, client: Namespace): Promise<Namespace> {
  const middle = lab.use(await Namespace.create(prefix, "middle"));
  await middle.ip("link", "add", "bridge", "type", "bridge");
  await middle.ip("link", "set", "bridge", "up");
  for (const [end, name, address] of [
    [client, "left", "198.18.99.2/24"],
    [lab.server.namespace, "right", "198.18.99.1/24"],
  ] as const) {
    await middle.ip("link", "add", name, "type", "veth", "peer", "name", "bridged", "netns", end.name);
    await middle.ip("link", "set", name, "master", "bridge", "up");
    await end.ip("addr", "add", address, "dev", "bridged");
    await end.ip("link", "set", "bridged", "up");
  }
  return middle;
}

describeNetns("doctor, with the tools of the system", () => {
  test("a firewall that drops: the server's own rules say so, and a client sees that nothing answers", async () => {
    await using lab = await Lab.create(prefix);
    const client = await lab.client("laptop-ann");
    await lab.start();
    const { namespace } = lab.server;
    await namespace.run(
      "nft",
      "add table inet filter; add chain inet filter input { type filter hook input priority 0; policy drop; }",
    );
    const [firewall] = (await doctor(lab.server)).findings.filter(({ verdict }) => verdict === "failed");
    expect(firewall).toMatchObject({
      check: "firewall",
      next: "nft insert rule inet filter input tcp dport 8443 accept",
    });
    const [reach] = (await doctor(client)).findings.filter(({ verdict }) => verdict === "failed");
    expect(reach).toMatchObject({ check: "reach", message: expect.stringMatching(/ETIMEDOUT/) });

    await namespace.run("sh", "-c", firewall?.next ?? "");
    expect((await doctor(lab.server)).code).toBe(0);
    expect((await doctor(client)).code).toBe(0);
  });

  test("a path that swallows large packets, and a service that takes connections and never speaks", async () => {
    await using lab = await Lab.create(prefix);
    const client = await lab.client("laptop-ann", {
      tunnel: { endpoints: [{ name: serverName, address: "198.18.99.1:8443" }] },
    });
    const middle = await bridged(lab, client.namespace);
    await lab.start();
    expect((await doctor(client)).code).toBe(0);

    await middle.ip("link", "set", "right", "mtu", "1400");
    const [mtu] = (await doctor(client)).findings.filter(({ verdict }) => verdict === "failed");
    expect(mtu).toMatchObject({
      check: "mtu",
      message: expect.stringMatching(/1280 bytes arrive and larger ones vanish/),
      next: expect.stringMatching(/tcp_mtu_probing=1/),
    });

    await middle.ip("link", "set", "right", "mtu", "1500");
    await lab.server.end("SIGTERM");
    const silent = 'require("net").createServer(() => {}).listen(8443, "198.18.99.1", () => console.log("listening"))';
    const service = lab.use(lab.server.namespace.start("silent", [process.execPath, "-e", silent]));
    await service.line(/^listening$/m);
    const [tls] = (await doctor(client)).findings.filter(({ verdict }) => verdict === "failed");
    expect(tls).toMatchObject({ check: "tls", message: expect.stringMatching(/does not finish a TLS handshake/) });
  });
});
