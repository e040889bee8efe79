import { afterAll, beforeAll, expect, test } from "vitest";
import type { DaemonProcess } from "../../src/cli/demo/daemon-process.ts";
import { Lab } from "../../src/cli/demo/lab.ts";
import type { Namespace } from "../../src/cli/demo/namespace.ts";
import { ping, startTraffic } from "./harness/node.ts";
import { describeNetns, prefix } from "./harness/suite.ts";

interface Misbehaviour {
  mode: string;
  /** Counter of the server that has to grow, in status.refused. */
  refused: string;
  /** The server has to close within this time, and (for a deadline) not before `from`. */
  withinMillis: number;
  fromMillis?: number;
}

const handshakeDeadline = { fromMillis: 4000, withinMillis: 7500 };

const misbehaviours: readonly Misbehaviour[] = [
  { mode: "silent", refused: "handshake_timeout", ...handshakeDeadline },
  { mode: "dribble", refused: "handshake_timeout", ...handshakeDeadline },
  { mode: "http", refused: "http_request", withinMillis: 2000 },
  { mode: "garbage", refused: "not_tls", withinMillis: 2000 },
  { mode: "wrong-alpn", refused: "wrong_alpn", withinMillis: 2000 },
  { mode: "no-alpn", refused: "wrong_alpn", withinMillis: 2000 },
  { mode: "no-hello", refused: "hello_timeout", fromMillis: 2000, withinMillis: 5000 },
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

  async function misbehave(mode: string): Promise<number> {
    const peer = lab.use(await startTraffic(stranger, "bad-peer", mode, ...target, ...credentials));
    expect(await ping(client.namespace, lab.inner, 3)).toMatchObject({ received: 3 });
    const { code } = await peer.endsSoon();
    expect(code, peer.stderr).toBe(0);
    return (JSON.parse(peer.stdout.trimEnd().split("\n").at(-1) ?? "") as { closed_after_ms: number }).closed_after_ms;
  }

  test.each(misbehaviours)("$mode: closed in time, counted as $refused, and others carry on", async (row) => {
    const before = (await lab.server.status()).refused[row.refused] ?? 0;
    const [link] = (await client.connections()).map(({ id }) => id);
    const closedAfter = await misbehave(row.mode);
    expect(closedAfter).toBeLessThan(row.withinMillis);
    expect(closedAfter).toBeGreaterThanOrEqual(row.fromMillis ?? 0);
    expect((await lab.server.status()).refused[row.refused]).toBe(before + 1);
    expect(await ping(client.namespace, lab.inner, 3)).toMatchObject({ received: 3 });
    expect((await client.connections()).map(({ id }) => id)).toEqual([link]);
  });

  test("300 connections at once that say nothing: others carry on and a new client gets in", {
    timeout: 240_000,
  }, async () => {
    const peer = lab.use(await startTraffic(stranger, "bad-peer", "flood", ...target));
    const other = await lab.client("laptop-bob");
    other.start();
    await other.ready(20);
    expect(await ping(client.namespace, lab.inner, 5)).toMatchObject({ received: 5 });
    expect(await ping(other.namespace, lab.inner, 5)).toMatchObject({ received: 5 });
    await peer.end("SIGTERM");
    expect((await client.connections()).map(({ state }) => state)).toEqual(["active"]);
  });
});
