import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Backend } from "../../src/shared/control/snapshot.ts";
import type { Settings } from "../../src/daemon/config/settings.ts";
import { settingsOf } from "../config/fixtures.ts";
import { type Certificates, makeCertificates } from "../engine/ends.ts";
import { Node } from "../engine/node.ts";

let certificates: Certificates;
let directory: string;
let ports: number[];

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  return typeof address === "object" && address !== null ? address.port : expect.fail();
}

beforeAll(async () => {
  certificates = await makeCertificates("ann");
});

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "moves-"));
  ports = [await freePort(), await freePort()];
  secret("shared");
});

const nodes: Node[] = [];
afterEach(async () => {
  for (const node of nodes.splice(0).toReversed()) await node[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

/** Makes a cluster's secret of this name. */
function secret(name: string): void {
  writeFileSync(join(directory, name), `a1:${randomBytes(32).toString("base64")}\n`, { mode: 0o600 });
}

async function ended(node: Node): Promise<void> {
  nodes.splice(nodes.indexOf(node), 1);
  await node[Symbol.asyncDispose]();
}

/** Server eu-1 or eu-2, of the cluster with this secret. */
async function serve(number: 1 | 2, cluster = "shared"): Promise<Node> {
  const settings = settingsOf(`core: {mode: server, name: eu-${number}, state_dir: "${directory}/eu-${number}"}
network: {address: 10.8.0.1/16, pool: 10.8.${number}.0/24}
cluster: {secret_file: "${directory}/${cluster}"}
tunnel: {listen: "127.0.0.1:${ports[number - 1]}"}
security: {tls: {cert: a.crt, key: a.key, ca: ca.crt}}`);
  const node = new Node(settings, certificates.server, "edge-01");
  nodes.push(node);
  await node.start();
  return node;
}

/** Of a client of the servers with these numbers, the first being preferred. */
function clientSettings(numbers: readonly number[]): Settings {
  const endpoints = numbers.map(
    (number) =>
      `{name: eu-${number}, identity: edge-01, priority: ${number}, address: "127.0.0.1:${ports[number - 1]}"}`,
  );
  return settingsOf(`core: {mode: client, name: ann, state_dir: "${directory}/ann"}
tunnel: {endpoints: [${endpoints.join(", ")}]}
security: {tls: {cert: a.crt, key: a.key, ca: ca.crt}}`);
}

/** A client whose link is not up yet. */
async function connecting(...numbers: number[]): Promise<Node> {
  const node = new Node(clientSettings(numbers), certificates.client("ann"), "ann");
  nodes.push(node);
  await node.start();
  return node;
}

async function client(...numbers: number[]): Promise<Node> {
  const node = await connecting(...numbers);
  await node.told("link_up");
  return node;
}

const now = { dryRun: false, acceptRisk: false };

function backend(node: Node, name: string): Backend {
  return node.role.backends().find((row) => row.name === name) ?? expect.fail(name);
}

function session(node: Node): unknown {
  const [only] = node.role.sessions();
  return [only?.id, only?.inner];
}

function codes(node: Node): string[] {
  return node.events.since(0).map(({ code }) => code);
}

describe("a client moves, with its session and without losing its link first,", () => {
  it("when its server is drained", async () => {
    const first = await serve(1);
    const second = await serve(2);
    const ann = await client(1, 2);
    const before = session(ann);
    expect(first.role.act({ kind: "drain", backend: undefined, deadlineMs: undefined }, now)).toMatchObject({
      kind: "done",
      message: "asks 1 connections to move",
    });
    expect(first.role.draining).toBe(true);
    expect(await ann.told("goaway")).toMatchObject({ facts: { backend: "eu-1", scope: "server", reason: "drain" } });
    expect(await ann.told("link_up")).toMatchObject({ facts: { backend: "eu-2" } });
    expect(session(ann)).toEqual(before);
    expect([...ann.links].map(({ backend: name, state }) => `${name} ${state}`)).toEqual([
      "eu-1 draining",
      "eu-2 active",
    ]);
    expect(backend(ann, "eu-1")).toMatchObject({ operational: "stopping", breaker: "closed", current: false });
    expect(second.role.sessions()).toMatchObject([{ identity: "ann", epoch: 2 }]);
    expect(codes(ann)).not.toContain("link_down");
    expect(ann.role.ready).toBe(true);
    // With its last link the drain is over.
    const drained = first.role.drain();
    await ended(ann);
    await drained;
  });

  it("when a reload takes its server out of the settings, to one that it puts in", async () => {
    await serve(1);
    const second = await serve(2);
    const ann = await client(1);
    const before = session(ann);
    ann.role.reload(clientSettings([2]));
    expect(ann.role.backends().map(({ name }) => name)).toEqual(["eu-2"]);
    ann.role.settleBreakers();
    expect(await ann.told("link_up")).toMatchObject({ facts: { backend: "eu-2" } });
    expect(session(ann)).toEqual(before);
    expect(second.role.sessions()).toMatchObject([{ identity: "ann", epoch: 2 }]);
    expect(codes(ann)).not.toContain("link_down");
  });

  it("when its operator drains the backend, and back when that is drained", async () => {
    await serve(1);
    await serve(2);
    const ann = await client(1, 2);
    const before = session(ann);
    ann.role.act({ kind: "drain", backend: "eu-1", deadlineMs: undefined }, now);
    await ann.told("link_up");
    expect(backend(ann, "eu-2").current).toBe(true);
    ann.role.act({ kind: "ready", backend: "eu-1" }, now);
    ann.role.act({ kind: "drain", backend: "eu-2", deadlineMs: undefined }, now);
    expect(await ann.told("link_up")).toMatchObject({ facts: { backend: "eu-1" } });
    expect(session(ann)).toEqual(before);
    expect(codes(ann)).not.toContain("link_down");
  });

  it("when a better server comes into reach, at the next tick", async () => {
    await serve(2);
    const ann = await client(1, 2);
    expect(backend(ann, "eu-2").current).toBe(true);
    ann.role.act({ kind: "drain", backend: "eu-2", deadlineMs: undefined }, { dryRun: false, acceptRisk: true });
    await serve(1);
    ann.tick();
    expect(await ann.told("link_up")).toMatchObject({ facts: { backend: "eu-1" } });
  });
});

describe("a client", () => {
  it("stays where its session is known when the other server is of another cluster", async () => {
    secret("other");
    const first = await serve(1);
    const second = await serve(2, "other");
    const ann = await client(1, 2);
    const before = session(ann);
    ann.role.act({ kind: "drain", backend: "eu-1", deadlineMs: undefined }, now);
    expect(await ann.told("connect_failed")).toMatchObject({ facts: { reason: "peer_token_invalid" } });
    expect(session(ann)).toEqual(before);
    expect(backend(ann, "eu-1").current).toBe(true);
    expect(ann.role.ready).toBe(true);
    // Once the first is gone, a new session is better than none.
    await ended(first);
    await ann.told("clusters_differ");
    await ann.told("link_up");
    expect(session(ann)).not.toEqual(before);
    expect(second.role.sessions()).toHaveLength(1);
  });

  it("leaves a backend in maintenance at once", async () => {
    await serve(1);
    await serve(2);
    const ann = await client(1, 2);
    const before = session(ann);
    ann.role.act({ kind: "maint", backend: "eu-1" }, now);
    await ann.told("link_down");
    expect(await ann.told("link_up")).toMatchObject({ facts: { backend: "eu-2" } });
    expect(session(ann)).toEqual(before);
    expect(backend(ann, "eu-1")).toMatchObject({ admin: "maint", breaker: "closed", connections: 0 });
  });

  it("does not count against the server what its own host refuses", async () => {
    await serve(1);
    const ann = await connecting(1);
    ann.hostError = new Error("no ip command");
    for (let time = 0; time < 3; time++) await ann.told("host_not_applied");
    ann.hostError = undefined;
    await ann.told("link_up");
    expect(ann.role.breakers()).toMatchObject([{ state: "closed", failure_rate: 0 }]);
  });

  it("counts a round trip once, however often it looks", async () => {
    await serve(1);
    const ann = await client(1);
    for (const [rtt, expected] of [
      [8, 8],
      [800, 107],
    ] as const) {
      ann.figures = { rtt, bps: 0 };
      for (let second = 0; second < 5; second++) ann.tick();
      expect(backend(ann, "eu-1").rtt_ms).toBe(expected);
    }
  });

  it("serves nobody that could be drained, and knows its backends by name", async () => {
    await serve(1);
    const ann = await client(1, 2);
    for (const action of [
      { kind: "drain", backend: undefined, deadlineMs: undefined },
      { kind: "ready", backend: undefined },
    ] as const) {
      expect(ann.role.act(action, now)).toEqual({
        kind: "refused",
        message: "a client serves nobody that could be drained; name a backend: eu-1, eu-2",
      });
    }
    expect(ann.role.act({ kind: "ready", backend: "eu-3" }, now)).toBeUndefined();
  });
});

describe("a server's drain", () => {
  it("ends what is left at its deadline, and new sessions come in once it is ready again", async () => {
    const server = await serve(1);
    const ann = await client(1);
    expect(server.role.act({ kind: "drain", backend: undefined, deadlineMs: 1000 }, { ...now, dryRun: true })).toEqual({
      kind: "done",
      message: "would ask 1 connections to move",
      facts: { connections_moved: 1, bps_moved: 0, left: [], last_healthy: false },
    });
    expect(server.role.draining).toBe(false);
    server.role.act({ kind: "drain", backend: undefined, deadlineMs: 20 }, now);
    expect(await ann.told("link_down")).toMatchObject({ facts: { reason: "peer_stopping" } });
    expect(ann.role.ready).toBe(false);
    await ann.told("connect_failed");
    expect(await ann.told("connect_failed")).toMatchObject({ facts: { reason: "peer_stopping" } });
    expect(ann.role.breakers()).toMatchObject([{ state: "closed", failure_rate: 0 }]);
    server.role.act({ kind: "ready", backend: undefined }, now);
    await ann.told("link_up");
    expect(backend(ann, "eu-1").operational).toBe("up");
  });

  it("has no backends to act on", async () => {
    const server = await serve(1);
    expect(server.role.act({ kind: "drain", backend: "eu-1", deadlineMs: undefined }, now)).toBeUndefined();
    expect(server.role.act({ kind: "reset_breaker", backend: undefined }, now)).toBeUndefined();
    expect([server.role.backends(), server.role.breakers()]).toEqual([[], []]);
  });
});
