import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { parseAccounts } from "../../src/daemon/control/accounts.ts";
import { startControlServer } from "../../src/daemon/control/server.ts";
import { peerCredentials } from "../../src/daemon/sys/credentials.ts";
import { systemClock } from "../../src/shared/clock.ts";
import { connectControl } from "../../src/shared/control/client.ts";
import { exitCodeFor } from "../../src/shared/control/exit.ts";
import { limits, type RpcMessage } from "../../src/shared/control/protocol.ts";
import { FakeClock } from "../fakes/clock.ts";
import { ann, bob, type ControlRig, controlRig, eve, root } from "../fakes/control-server.ts";
import { aConnection, aSnapshot, aStatus } from "../fakes/snapshot.ts";

let rig: ControlRig;
beforeEach(async () => {
  rig = await controlRig();
});
afterEach(() => rig[Symbol.asyncDispose]());

/** A WebSocket that says what the test wants it to say. */
async function rawSocket(options: { origin?: string } = {}): Promise<WebSocket> {
  const dial = (() => connect(rig.socketPath)) as typeof connect;
  const socket = new WebSocket("ws://x/", { createConnection: dial, ...options });
  socket.on("error", () => undefined);
  await once(socket, "open");
  return socket;
}

async function answerTo(socket: WebSocket, text: string): Promise<RpcMessage> {
  socket.send(text);
  const [data] = (await once(socket, "message")) as [Buffer];
  return JSON.parse(data.toString()) as RpcMessage;
}

const helloText = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "hello",
  params: { versions: [1], client: "raw" },
});

describe("roles", () => {
  it.each([
    ["root", root, "operator"],
    ["a member of an operators' group", bob, "operator"],
    ["a member of the group", ann, "viewer"],
    ["one whose primary group it is", { ...eve, gid: 60_001 }, "viewer"],
  ])("%s is %s", async (_what, peer, role) => {
    rig.as(peer);
    using client = await rig.connect();
    expect(client.daemon).toEqual({ version: 1, role, name: "edge-01", daemon_version: "0.1.0", pid: 4242 });
  });

  it.each([
    ["a user without a group", eve],
    ["a peer that the kernel doesn't name", undefined],
  ])("%s is refused", async (_what, peer) => {
    rig.as(peer);
    await expect(rig.connect()).rejects.toMatchObject({
      code: "control_denied",
      message: expect.stringMatching(/viewers/),
    });
  });

  it.each(["kick", "reload", "stop"] as const)("a viewer may not %s, and the try is audited", async (method) => {
    rig.as(ann);
    using client = await rig.connect();
    const call = method === "kick" ? client.call(method, { target: "c1" }) : client.call(method, {});
    await expect(call).rejects.toMatchObject({ code: "control_denied" });
    expect(rig.backend.audits).toMatchObject([
      { who: "ann (uid 1000, pid 11)", action: method, outcome: expect.stringMatching(/^denied/) },
    ]);
    expect(rig.backend).toMatchObject({ kicked: [], reloads: 0, stops: 0 });
  });

  it("a web page is refused", async () => {
    await expect(rawSocket({ origin: "http://localhost" })).rejects.toThrow("403");
  });
});

describe("methods", () => {
  it("reads", async () => {
    using client = await rig.connect();
    expect(await client.call("snapshot", {})).toMatchObject({ ...rig.backend.state, control: expect.anything() });
    expect(await client.call("config", {})).toEqual({ rows: rig.backend.rows });
    expect((await client.call("events", { since: 1 })).events.map((event) => event.seq)).toEqual([2]);
  });

  it("acts, and audits who did what to what", async () => {
    rig.as(bob);
    using client = await rig.connect();
    const outcome = { outcome: "done", dry_run: false, message: "closed c1", facts: { links: 1 }, revision: 1 };
    expect(await client.call("kick", { target: "c1", reason: "test" })).toEqual(outcome);
    expect(rig.backend.kicked).toEqual([{ target: "c1", reason: "test" }]);
    const who = "bob (uid 1001, pid 12)";
    expect(rig.backend.audits).toMatchObject([{ who, action: "kick", target: "c1", outcome: "done" }]);
  });

  it("a dry run does nothing and says so in the audit", async () => {
    using client = await rig.connect();
    expect(await client.call("stop", { dry_run: true })).toMatchObject({ dry_run: true, message: "would stop" });
    expect(rig.backend.stops).toBe(0);
    expect(rig.backend.audits).toMatchObject([{ action: "stop --dry-run", outcome: "done" }]);
  });

  it.each([
    ["not_found", "control_not_found", 4],
    ["refused", "control_refused", 6],
    ["failed", "control_failed", 1],
  ] as const)("%s is an error with its exit code", async (kind, code, exit) => {
    rig.backend.result = { kind, message: "because" };
    using client = await rig.connect();
    const error: unknown = await client.call("reload", {}).catch((error: unknown) => error);
    expect(error).toMatchObject({ code, message: "because" });
    expect(exitCodeFor(error)).toBe(exit);
    expect(rig.backend.audits).toMatchObject([{ outcome: `${kind}: because` }]);
  });

  it("an action that throws has failed; the daemon lives", async () => {
    rig.backend.onAction = () => {
      throw new Error("boom");
    };
    using client = await rig.connect();
    await expect(client.call("stop", {})).rejects.toMatchObject({ code: "control_failed", message: "boom" });
    expect(await client.call("unsubscribe", {})).toEqual({});
  });

  it("nothing before hello", async () => {
    const socket = await rawSocket();
    const answer = await answerTo(socket, '{"jsonrpc":"2.0","id":7,"method":"stop"}');
    expect(answer).toMatchObject({ id: 7, error: { code: -32005, data: { kind: "version" } } });
    expect(rig.backend.stops).toBe(0);
    socket.close();
  });

  it("no common version", async () => {
    const socket = await rawSocket();
    const answer = await answerTo(socket, helloText.replace("[1]", "[999]"));
    expect(answer).toMatchObject({ error: { data: { kind: "version" } } });
    socket.close();
  });
});

it("a result that is no JSON is an internal error, not a crash", async () => {
  rig.backend.rows = [{ key: "x", value: 1n, default: 0, source: "", reload: "live" }];
  using client = await rig.connect();
  await expect(client.call("config", {})).rejects.toMatchObject({ message: expect.stringContaining("BigInt") });
  expect(await client.call("unsubscribe", {})).toEqual({});
});

describe("subscriptions", () => {
  it("have the rate of hello when they name none", async () => {
    const socket = await rawSocket();
    await answerTo(socket, helloText.replace('"raw"', '"raw","rate_hz":5'));
    const answer = await answerTo(socket, '{"jsonrpc":"2.0","id":2,"method":"subscribe"}');
    expect(answer).toMatchObject({ result: { rate_hz: 5 } });
    socket.close();
  });

  it("end on request", async () => {
    using client = await rig.connect();
    const seen: number[] = [];
    await client.subscribe(10, (snapshot) => seen.push(snapshot.status.rx_bytes));
    await vi.waitFor(() => expect(seen).toHaveLength(1));
    await client.call("unsubscribe", {});
    rig.backend.set(aSnapshot({ status: aStatus({ rx_bytes: 99 }) }));
    expect((await client.call("snapshot", {})).status.rx_bytes).toBe(99);
    expect(seen).toHaveLength(1);
  });
});

describe("bad messages", () => {
  it.each([
    ["not JSON", "{", null, -32700],
    ["a batch", "[]", null, -32600],
    ["no id", '{"jsonrpc":"2.0","method":"snapshot"}', null, -32600],
    ["another protocol", '{"id":3,"method":"snapshot"}', 3, -32600],
    ["unknown method", '{"jsonrpc":"2.0","id":"x","method":"constructor"}', "x", -32601],
    ["unknown parameter", '{"jsonrpc":"2.0","id":1,"method":"stop","params":{"dryrun":true}}', 1, -32602],
    ["rate out of range", '{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"rate_hz":11}}', 1, -32602],
    ["parameters by position", '{"jsonrpc":"2.0","id":1,"method":"events","params":[1]}', 1, -32602],
  ])("%s: an error, and the connection is kept", async (_what, text, id, code) => {
    const socket = await rawSocket();
    expect(await answerTo(socket, text)).toMatchObject({ id, error: { code } });
    expect(await answerTo(socket, helloText)).toMatchObject({ id: 1, result: { version: 1 } });
    socket.close();
  });

  it.each([
    ["binary", Buffer.from("{}"), 1003],
    ["more than 64 KiB", "x".repeat(limits.messageBytes + 1), 1009],
  ])("%s closes the connection", async (_what, data, code) => {
    const socket = await rawSocket();
    socket.send(data);
    const [closed] = (await once(socket, "close")) as [number];
    expect(closed).toBe(code);
    using client = await rig.connect();
    expect(client.daemon.version).toBe(1);
  });

  it("64 KiB are not too large", async () => {
    const socket = await rawSocket();
    expect(await answerTo(socket, " ".repeat(limits.messageBytes - 1))).toMatchObject({ error: { code: -32700 } });
    socket.close();
  });

  it("plain HTTP is told to upgrade", async () => {
    const socket = connect(rig.socketPath);
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    const [data] = (await once(socket, "data")) as [Buffer];
    expect(data.toString()).toContain("426");
    socket.destroy();
  });

  it("random messages get one answer each", async () => {
    const socket = await rawSocket();
    const scalar = fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.boolean());
    const message = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .record({
          jsonrpc: fc.constantFrom("2.0", "1.0"),
          id: scalar,
          method: fc.constantFrom("hello", "snapshot", "events", "subscribe", "kick", "toString", "__proto__"),
          params: fc.dictionary(fc.constantFrom("since", "versions", "client", "target", "x"), scalar),
        })
        .map((request) => JSON.stringify(request)),
    );
    await fc.assert(
      fc.asyncProperty(message, async (text) => {
        const answer = await answerTo(socket, text);
        expect(answer).toMatchObject({ jsonrpc: "2.0" });
      }),
    );
    socket.close();
  });
});

describe("limits", () => {
  it("the 17th client is refused until one leaves", async () => {
    const clients = await Promise.all(Array.from({ length: limits.clients }, () => rig.connect()));
    await expect(rig.connect()).rejects.toMatchObject({
      code: "control_refused",
      message: expect.stringMatching(/16/),
    });
    clients[0]?.close();
    await vi.waitFor(async () => clients.push(await rig.connect()));
    for (const client of clients) client.close();
  });

  it("viewers leave room for operators", async () => {
    rig.as(ann);
    const room = limits.clients - limits.operatorClients;
    const clients = await Promise.all(Array.from({ length: room }, () => rig.connect()));
    await expect(rig.connect()).rejects.toMatchObject({ code: "control_refused" });
    rig.as(bob);
    using operator = await rig.connect();
    expect(operator.daemon.role).toBe("operator");
    for (const client of clients) client.close();
  });

  it("the 21st action in a second is refused, reads are not", async () => {
    // The clock stands still, so that a slow machine gains no action.
    await using still = await controlRig({ clock: new FakeClock() });
    using client = await still.connect();
    for (let n = 0; n < limits.actionsPerSecond; n += 1) await client.call("reload", { dry_run: true });
    await expect(client.call("reload", { dry_run: true })).rejects.toMatchObject({
      message: expect.stringMatching(/20 actions/),
    });
    expect(still.backend.audits).toHaveLength(limits.actionsPerSecond);
    expect(await client.call("config", {})).toBeDefined();
  });

  it("a client with too many requests under way is closed", async () => {
    const gate = Promise.withResolvers<void>();
    rig.backend.onAction = () => gate.promise;
    const socket = await rawSocket();
    await answerTo(socket, helloText);
    for (let id = 0; id < limits.pendingRequests + 2; id += 1) {
      socket.send(JSON.stringify({ jsonrpc: "2.0", id, method: "reload" }));
    }
    const [code] = (await once(socket, "close")) as [number];
    expect(code).toBe(1008);
    gate.resolve();
  });
});

describe("a reader that stops", () => {
  it("holds one frame, then gets one delta to the newest state, and others notice nothing", async () => {
    const many = Array.from({ length: 2_000 }, (_, n) => aConnection(`c${n}`));
    rig.backend.set(aSnapshot({ connections: many }));
    const socket = await rawSocket();
    await answerTo(socket, helloText);
    socket.pause();
    socket.send('{"jsonrpc":"2.0","id":2,"method":"subscribe","params":{"rate_hz":10}}');
    using other = await rig.connect();
    const seen: number[] = [];
    await other.subscribe(10, (snapshot) => seen.push(snapshot.status.rx_bytes));

    for (let n = 1; n <= 12; n += 1) {
      const connections = many.map((row) => ({ ...row, rx_bytes: n }));
      rig.backend.set(aSnapshot({ connections, status: aStatus({ rx_bytes: n }) }));
      await vi.waitFor(() => expect(seen.at(-1)).toBe(n), { interval: 5 });
    }

    const kinds: string[] = [];
    const last = Promise.withResolvers<RpcMessage>();
    socket.on("message", (data: Buffer) => {
      const message = JSON.parse(data.toString()) as RpcMessage;
      if (!("method" in message)) return;
      kinds.push(message.params.kind);
      if (message.params.kind === "delta" && message.params.delta.status?.rx_bytes === 12) last.resolve(message);
    });
    socket.resume();
    expect(await last.promise).toMatchObject({ params: { delta: { connections: { changed: { length: 2_000 } } } } });
    expect(kinds.length).toBeLessThan(6);
    socket.close();
  });
});

describe("the socket", () => {
  it("has mode 0660, and a directory that it made 0750", async () => {
    expect(statSync(rig.socketPath).mode & 0o777).toBe(0o660);
    const socketPath = join(rig.directory, "made", "x.sock");
    await using _server = await start(socketPath);
    expect(statSync(join(rig.directory, "made")).mode & 0o777).toBe(0o750);
  });

  it("is gone after the server, and so are its subscriptions", async () => {
    using client = await rig.connect();
    const closed = new Promise((resolve) => client.onClose(resolve));
    expect(rig.backend.subscribers).toBe(1);
    await rig.server[Symbol.asyncDispose]();
    expect(existsSync(rig.socketPath)).toBe(false);
    expect(rig.backend.subscribers).toBe(0);
    expect(await closed).toMatchObject({ code: "control_lost" });
  });

  it("an answer under way is delivered before the server ends", async () => {
    using client = await rig.connect();
    rig.backend.onAction = () => {
      rig.backend.onAction = () => undefined;
      void rig.server[Symbol.asyncDispose]();
    };
    expect(await client.call("stop", {})).toMatchObject({ outcome: "done" });
  });

  it("of another daemon is left alone", async () => {
    await expect(start(rig.socketPath)).rejects.toMatchObject({ code: "control_busy" });
    using client = await rig.connect();
    expect(client.daemon.pid).toBe(4242);
  });

  it("of a dead daemon is replaced", async () => {
    const socketPath = join(rig.directory, "stale.sock");
    await leaveStale(socketPath);
    expect(existsSync(socketPath)).toBe(true);
    await using _server = await start(socketPath);
    expect(statSync(socketPath).isSocket()).toBe(true);
  });

  it("does not replace a file that is no socket", async () => {
    const socketPath = join(rig.directory, "notes");
    writeFileSync(socketPath, "x");
    await expect(start(socketPath)).rejects.toMatchObject({ code: "control_busy" });
    expect(statSync(socketPath).isFile()).toBe(true);
  });

  it("that can't be made is an error with the path", async () => {
    const file = join(rig.directory, "file");
    writeFileSync(file, "");
    chmodSync(file, 0o600);
    await expect(start(join(file, "x.sock"))).rejects.toMatchObject({
      code: "control_socket",
      message: expect.stringMatching(/x\.sock/),
    });
  });
});

function start(socketPath: string): ReturnType<typeof startControlServer> {
  const collaborators = { backend: rig.backend, clock: systemClock, credentials: () => root };
  return startControlServer(collaborators, { socketPath, group: "no-such-group", operators: [] });
}

/** A socket file whose listener is gone: linked to a second name, since closing a listener removes only the first. */
async function leaveStale(path: string): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "sssonector-stale-"));
  const server = createServer().listen(join(directory, "s"));
  await once(server, "listening");
  const { linkSync } = await import("node:fs");
  linkSync(join(directory, "s"), path);
  server.close();
  await once(server, "close");
  rmSync(directory, { recursive: true });
}

it("the kernel says who connects", async () => {
  const socketPath = join(rig.directory, "kernel.sock");
  const uid = process.getuid?.() ?? -1;
  const accounts = parseAccounts(`tester:x:${uid}:12345::/:/bin/sh\n`, "");
  const collaborators = {
    backend: rig.backend,
    clock: systemClock,
    credentials: peerCredentials,
    accounts: () => accounts,
  };
  await using _server = await startControlServer(collaborators, { socketPath, group: "", operators: ["tester"] });
  using client = await connectControl({ socketPath, clientName: "test", timeoutMs: 5_000 });
  await client.call("reload", { dry_run: true });
  expect(rig.backend.audits).toMatchObject([{ who: `tester (uid ${uid}, pid ${process.pid})` }]);
});
