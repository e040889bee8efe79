import { afterAll, beforeAll, expect, test } from "vitest";
import type { DaemonProcess } from "../../src/cli/demo/daemon-process.ts";
import { Lab } from "../../src/cli/demo/lab.ts";
import type { Namespace } from "../../src/cli/demo/namespace.ts";
import type { Connection, ConnectionState } from "../../src/shared/control/snapshot.ts";
import { ping, startTraffic } from "./harness/node.ts";
import { describeNetns, prefix } from "./harness/suite.ts";

interface Misbehaviour {
  mode: string;
  /** Counter of the server that has to grow, in status.refused. */
  refused: string;
  /** The server has to close within this time, and (for a deadline) not before `from`. */
  withinMillis: number;
  fromMillis?: number;
  /** As `ctl connections` of the server shows it meanwhile. */
  seen?: { state: ConnectionState; identity: string };
}

const patiently = { timeout: 20_000, interval: 50 };
const handshakeDeadline = { fromMillis: 4000, withinMillis: 7500 };

const misbehaviours: readonly Misbehaviour[] = [
  {
    mode: "silent",
    refused: "handshake_timeout",
    ...handshakeDeadline,
    seen: { state: "accepting", identity: "" },
  },
  {
    mode: "dribble",
    refused: "handshake_timeout",
    ...handshakeDeadline,
    seen: { state: "authenticating", identity: "" },
  },
  { mode: "http", refused: "http_request", withinMillis: 2000 },
  { mode: "garbage", refused: "not_tls", withinMillis: 2000 },
  { mode: "wrong-alpn", refused: "wrong_alpn", withinMillis: 2000 },
  { mode: "no-alpn", refused: "wrong_alpn", withinMillis: 2000 },
  {
    mode: "no-hello",
    refused: "hello_timeout",
    fromMillis: 2000,
    withinMillis: 5000,
    seen: { state: "configuring", identity: "mallory" },
  },
  { mode: "mid-hello", refused: "hello_timeout", fromMillis: 2000, withinMillis: 5000 },
  { mode: "2gib-frame", refused: "protocol_error", withinMillis: 2000 },
  { mode: "oversized-frame", refused: "protocol_error", withinMillis: 2000 },
  { mode: "mid-frame", refused: "frame_timeout", fromMillis: 8000, withinMillis: 14_000 },
];

describeNetns("a TLS client that misbehaves", () => {
  let lab: Lab;
  let client: DaemonProcess;
  let stranger: Namespace;
  let target: string[];
  let credentials: string[];

  beforeAll(async () => {
    lab = await Lab.create(prefix);
    client = await lab.client("laptop-ann");
    const { cert, key, ca } = await lab.authority.issue("client", "mallory");
    credentials = [cert, key, ca];
    const wire = await lab.wire("stranger");
    stranger = wire.namespace;
    target = wire.endpoint.split(":");
    await lab.start(client);
  });

  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });

  async function misbehave({ mode, seen }: Misbehaviour): Promise<number> {
    const peer = lab.use(await startTraffic(stranger, "bad-peer", mode, ...target, ...credentials));
    if (seen !== undefined) await sees(seen);
    expect(await ping(client.namespace, lab.inner, 3)).toMatchObject({ received: 3 });
    const { code } = await peer.endsSoon();
    expect(code, peer.stderr).toBe(0);
    return (JSON.parse(peer.stdout.trimEnd().split("\n").at(-1) ?? "") as { closed_after_ms: number }).closed_after_ms;
  }

  /** A row of the server's connections; waits for it. */
  async function sees(wanted: { state: ConnectionState; identity: string }): Promise<Connection> {
    let found: Connection | undefined;
    await expect
      .poll(async () => (found = (await lab.server.connections()).find((row) => row.state === wanted.state)), patiently)
      .toMatchObject({ ...wanted, kind: "link", backend: "edge-01", session: "" });
    if (found === undefined) throw new Error("no such row");
    return found;
  }

  /** How many connections are not links yet; waits for it. */
  async function arriving(met: (count: number) => boolean): Promise<number> {
    let count = 0;
    await expect.poll(async () => met((count = (await lab.server.status()).arriving)), patiently).toBe(true);
    return count;
  }

  test.each(misbehaviours)("$mode: closed in time, counted as $refused, and others carry on", async (row) => {
    const before = (await lab.server.status()).refused[row.refused] ?? 0;
    const [link] = (await client.connections()).map(({ id }) => id);
    const closedAfter = await misbehave(row);
    expect(closedAfter).toBeLessThan(row.withinMillis);
    expect(closedAfter).toBeGreaterThanOrEqual(row.fromMillis ?? 0);
    expect((await lab.server.status()).refused[row.refused]).toBe(before + 1);
    expect(await ping(client.namespace, lab.inner, 3)).toMatchObject({ received: 3 });
    expect((await client.connections()).map(({ id }) => id)).toEqual([link]);
    await arriving((count) => count === 0);
  });

  test("an operator sees how far it is, and cuts it off", async () => {
    const peer = lab.use(await startTraffic(stranger, "bad-peer", "silent", ...target));
    const { id } = await sees({ state: "accepting", identity: "" });
    const { code, stdout } = await lab.server.ctl("kick", id, "--yes");
    expect([code, stdout]).toEqual([0, expect.stringContaining(`closed connection ${id}`)]);
    await peer.endsSoon();
    await arriving((count) => count === 0);
  });

  test("300 connections at once that say nothing: others carry on and a new client gets in", {
    timeout: 240_000,
  }, async () => {
    const peer = lab.use(await startTraffic(stranger, "bad-peer", "flood", ...target));
    // Those that wait and those under way, of which snapshots have a few only.
    const count = await arriving((many) => many > 64);
    const rows = (await lab.server.connections()).filter(({ state }) => state === "accepting");
    console.log(`${count} connections of strangers, ${rows.length} rows of them`);
    expect(rows.length).toBeLessThanOrEqual(64);
    const other = await lab.client("laptop-bob");
    other.start();
    await other.ready(20);
    expect(await ping(client.namespace, lab.inner, 5)).toMatchObject({ received: 5 });
    expect(await ping(other.namespace, lab.inner, 5)).toMatchObject({ received: 5 });
    await peer.end("SIGTERM");
    expect((await client.connections()).map(({ state }) => state)).toEqual(["active"]);
  });
});
