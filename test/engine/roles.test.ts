import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Settings } from "../../src/daemon/config/settings.ts";
import { settingsOf } from "../config/fixtures.ts";
import { packet } from "../flow/parts.ts";
import { type Certificates, makeCertificates } from "./ends.ts";
import { eventually } from "../link/eventually.ts";
import { Node } from "./node.ts";

let certificates: Certificates;
let port: number;
let directory: string;

beforeAll(async () => {
  certificates = await makeCertificates("ann", "bob");
});

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "roles-"));
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  port = typeof address === "object" && address !== null ? address.port : expect.fail();
  probe.close();
  await once(probe, "close");
});

const nodes: Node[] = [];
afterEach(async () => {
  for (const node of nodes.splice(0).toReversed()) await node[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

async function ended(node: Node): Promise<void> {
  nodes.splice(nodes.indexOf(node), 1);
  await node[Symbol.asyncDispose]();
}

function serverSettings(more = "", routes = "10.20.0.0/16"): Settings {
  return settingsOf(`core: {mode: server, name: edge-01, state_dir: "${directory}/server"}
network: {address: 10.8.0.1/16, address6: "fd00:8::1/64", pool: 10.8.1.0/29, routes: [${routes}]}
tunnel: {listen: "127.0.0.1:${port}"}
security: {tls: {cert: a.crt, key: a.key, ca: ca.crt}}
${more}`);
}

async function serve(more = ""): Promise<Node> {
  const node = new Node(serverSettings(more), certificates.server, "edge-01");
  nodes.push(node);
  await node.start();
  return node;
}

async function client(name: string): Promise<Node> {
  const settings = settingsOf(`core: {mode: client, name: ${name}, state_dir: "${directory}/${name}"}
tunnel: {endpoints: [{name: edge-01, address: "127.0.0.1:${port}"}]}
security: {tls: {cert: a.crt, key: a.key, ca: ca.crt}}
`);
  const node = new Node(settings, certificates.client(name), name);
  nodes.push(node);
  await node.start();
  return node;
}

function sessionFile(name: string): string {
  return join(directory, name, "session.json");
}

describe("a reload of a server", () => {
  it("takes other routes to clients, under the session that is up", async () => {
    const server = await serve();
    const ann = await client("ann");
    await ann.told("link_up");
    server.role.reload(serverSettings("", "10.30.0.0/16"));
    await eventually(() => ann.applied.at(-1)?.routes).toEqual(["10.30.0.0/16"]);
    expect(server.role.sessions()).toMatchObject([{ links: 1, epoch: 1 }]);
  });

  it("keeps an address for the identity that it is fixed for since", async () => {
    const server = await serve();
    const reserved = "access: {default: allow, identities: [{name: carol, address: 10.8.1.1}]}";
    server.role.reload(serverSettings(reserved));
    const ann = await client("ann");
    await ann.told("link_up");
    expect(ann.role.inner[0]).toBe("10.8.1.2");
  });

  it("ends the sessions of identities that may come in no more", async () => {
    const server = await serve();
    const ann = await client("ann");
    await ann.told("link_up");
    server.denied.add("ann");
    server.role.withdraw();
    expect(server.role.sessions()).toEqual([]);
    expect(await ann.told("link_down")).toMatchObject({ facts: { reason: "peer_denied" } });
    expect(await server.told("session_refused")).toMatchObject({ facts: { identity: "ann", reason: "denied" } });
    server.denied.delete("ann");
    await ann.told("link_up");
  });

  it("closes distrusted links, and with the last of them the session", async () => {
    const server = await serve();
    const [ann, bob] = [await client("ann"), await client("bob")];
    for (const node of [ann, bob]) await node.told("link_up");
    const anns = [...server.links].filter(({ identity }) => identity === "ann").map(({ link }) => link);
    server.role.closeLinks(new Set(anns), "certificate_revoked");
    expect(server.role.sessions().map(({ identity }) => identity)).toEqual(["bob"]);
    expect(await ann.told("link_down")).toMatchObject({ facts: { reason: "peer_denied" } });
    expect(bob.role.ready).toBe(true);
  });
});

describe("a client and its server", () => {
  it("agree on a session, with addresses and routes for the host, and carry packets", async () => {
    const server = await serve();
    const ann = await client("ann");
    const times = { authenticate_ms: expect.any(Number), configure_ms: expect.any(Number) };
    expect((await ann.told("link_up")).facts).toMatchObject(times);
    expect((await server.told("link_up")).facts).toMatchObject(times);
    expect(ann.role.ready).toBe(true);
    expect(ann.role.inner).toEqual(["10.8.1.1", "fd00:8::2"]);
    expect(ann.applied.at(-1)).toMatchObject({
      addresses: ["10.8.1.1/16", "fd00:8::2/64"],
      routes: ["10.20.0.0/16"],
      mtu: 1500,
    });
    expect(server.role.sessions()).toMatchObject([{ identity: "ann", inner: ann.role.inner, links: 1, epoch: 1 }]);
    expect(statSync(sessionFile("ann")).mode & 0o777).toBe(0o600);
    ann.kernel.injectPacket(packet("10.8.1.1", "10.20.0.1"));
    server.kernel.injectPacket(packet("10.20.0.1", "10.8.1.1"));
    await Promise.all([ann.kernel.whenWritten(1), server.kernel.whenWritten(1)]);
  });

  it("keep the session when the link is lost, kicked, or either process starts again", async () => {
    let server = await serve();
    let ann = await client("ann");
    await ann.told("link_up");
    const { inner } = ann.role;
    const id = ann.role.sessions()[0]?.id ?? "";
    expect(server.role.kickSession(id, "go", false)).toMatchObject({ kind: "done" });
    await ann.told("link_down");
    await ann.told("link_up");
    expect([ann.role.inner, ann.role.sessions()[0]?.id]).toEqual([inner, id]);

    await ended(server);
    server = await serve();
    await ann.told("link_up");
    expect([ann.role.inner, ann.role.sessions()[0]?.id]).toEqual([inner, id]);

    await ended(ann);
    expect(ann.links.size).toBe(0);
    ann = await client("ann");
    await ann.told("link_up");
    expect([ann.role.inner, ann.role.sessions()[0]?.id]).toEqual([inner, id]);
    expect(server.role.sessions()).toHaveLength(1);
    // A newer session of another client gets another address.
    const bob = await client("bob");
    await bob.told("link_up");
    expect(bob.role.inner[0]).not.toBe(inner[0]);
    expect(server.links.size).toBe(2);
  });

  it("begin anew when the client's memory is damaged", async () => {
    await serve();
    let ann = await client("ann");
    await ann.told("link_up");
    const id = ann.role.sessions()[0]?.id;
    const good = readFileSync(sessionFile("ann"), "utf8");
    for (const damaged of ["", "{", "null", "{}", good.replace(/"epoch":"\d+"/, '"epoch":"x"')]) {
      await ended(ann);
      writeFileSync(sessionFile("ann"), damaged);
      ann = await client("ann");
      await ann.told("link_up");
      expect(ann.role.sessions()[0]?.id).not.toBe(id);
    }
  });

  it("try again when the host does not take the addresses", async () => {
    await serve();
    const ann = await client("ann");
    ann.hostError = new Error("ip: command not found");
    expect(await ann.told("host_not_applied")).toMatchObject({ severity: "critical" });
    expect(ann.role.ready).toBe(false);
    ann.hostError = undefined;
    await ann.told("link_up");
    expect(ann.role.ready).toBe(true);
  });
});

describe("a server", () => {
  it("refuses whom it does not know, once in the events, and keeps nothing of the link", async () => {
    const server = await serve("access: {default: deny, identities: [{name: bob}]}");
    const ann = await client("ann");
    expect(await ann.told("connect_failed")).toMatchObject({ facts: { reason: "peer_denied" } });
    await ann.told("connect_failed");
    expect(server.events.since(0).filter(({ code }) => code === "session_refused")).toHaveLength(1);
    expect(server.events.since(0).filter(({ code }) => code === "link_down")).toEqual([]);
    const bob = await client("bob");
    await bob.told("link_up");
    await ended(ann);
    expect([...server.links].filter(({ identity }) => identity === "ann")).toEqual([]);
  });

  it("gives a fixed address to the newest session, ends the older, and raises an alarm when they take turns", async () => {
    const server = await serve("access: {default: allow, identities: [{name: ann, address: 10.8.0.14}]}");
    const first = await client("ann");
    await first.told("link_up");
    expect(first.role.inner[0]).toBe("10.8.0.14");
    rmSync(sessionFile("ann"));
    const second = await client("ann");
    await second.told("link_up");
    await server.told("identity_in_two_places");
    expect(server.role.sessions().length).toBeLessThanOrEqual(1);
    expect(server.commands.filter(({ type }) => type === "close_session").length).toBeGreaterThanOrEqual(3);
  });

  it("is drained when its last link is gone, also when others knock meanwhile", async () => {
    const server = await serve();
    const ann = await client("ann");
    await ann.told("link_up");
    const drained = server.role.drain();
    const bob = await client("bob");
    expect(await bob.told("connect_failed")).toMatchObject({ facts: { reason: "peer_stopping" } });
    await ended(ann);
    await ended(bob);
    await drained;
    expect(server.links.size).toBe(0);
  });
});
