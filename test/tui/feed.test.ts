import { expect, test } from "vitest";
import type { Method, Params, Result } from "../../src/shared/control/protocol.ts";
import type { Snapshot } from "../../src/shared/control/snapshot.ts";
import { SssonectorError } from "../../src/shared/errors.ts";
import { Feed, type FeedMessage, type Wire } from "../../src/tui/feed.ts";
import { FakeClock } from "../fakes/clock.ts";
import { aSnapshot } from "../fakes/snapshot.ts";

class FakeWire implements Wire {
  readonly daemon = { version: 1, role: "operator" as const, name: "edge-01", daemon_version: "0.1.0", pid: 1 };
  onSnapshot: (snapshot: Snapshot) => void = () => {};
  closed = false;
  calls: unknown[] = [];
  #onClose: (reason: SssonectorError) => void = () => {};

  subscribe(_rateHz: number, onSnapshot: (snapshot: Snapshot) => void): Promise<void> {
    this.onSnapshot = onSnapshot;
    return Promise.resolve();
  }
  onClose(listener: (reason: SssonectorError) => void): void {
    this.#onClose = listener;
  }
  close(): void {
    this.closed = true;
  }
  failAt = Number.POSITIVE_INFINITY;
  call<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> {
    if (this.calls.length === this.failAt) return Promise.reject(new Error("no more"));
    this.calls.push([method, params]);
    return Promise.resolve({ message: "would close c1", facts: { last_healthy: true } } as unknown as Result<M>);
  }
  lose(): void {
    this.#onClose(new SssonectorError("control_lost", "control connection closed"));
  }
}

interface Rig {
  feed: Feed;
  clock: FakeClock;
  wires: FakeWire[];
  said: string[];
  attempts: () => number;
  refuse: (refuse: boolean) => void;
}

function rig(): Rig {
  const clock = new FakeClock();
  const wires: FakeWire[] = [];
  const said: string[] = [];
  let refusing = false;
  let attempts = 0;
  const connect = async (): Promise<Wire> => {
    attempts++;
    if (refusing) throw new SssonectorError("control_unreachable", "nobody answers");
    const wire = new FakeWire();
    wires.push(wire);
    return await Promise.resolve(wire);
  };
  const send = (message: FeedMessage): void => {
    said.push(message.kind === "link" ? message.link.kind : "snapshot");
  };
  const feed = new Feed({ connect, clock, rateHz: 2, send });
  return { feed, clock, wires, said, attempts: () => attempts, refuse: (refuse) => (refusing = refuse) };
}

/** Lets promises that are settled run on. */
const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

test("no daemon at the start is an error", async () => {
  const { feed, refuse } = rig();
  refuse(true);
  await expect(feed.start()).rejects.toMatchObject({ code: "control_unreachable" });
});

test("a daemon that goes is looked for again, later and later, until it is back", async () => {
  const { feed, clock, wires, said, attempts, refuse } = rig();
  await feed.start();
  wires[0]?.onSnapshot(aSnapshot());
  expect(said).toEqual(["up", "snapshot"]);
  refuse(true);
  wires[0]?.lose();
  for (const [delay, expected] of [
    [500, 2],
    [1000, 3],
    [2000, 4],
    [4000, 5],
    [5000, 6],
  ] as const) {
    clock.advance(delay - 1);
    await settled();
    expect(attempts()).toBe(expected - 1);
    clock.advance(1);
    await settled();
    expect(attempts()).toBe(expected);
  }
  refuse(false);
  clock.advance(5000);
  await settled();
  wires[1]?.onSnapshot(aSnapshot());
  expect(said.slice(-2)).toEqual(["up", "snapshot"]);
});

test("a connection that was replaced is not listened to", async () => {
  const { feed, clock, wires, said } = rig();
  await feed.start();
  wires[0]?.lose();
  wires[0]?.onSnapshot(aSnapshot());
  expect(said).toEqual(["up", "down"]);
  clock.advance(500);
  await settled();
  expect(wires).toHaveLength(2);
});

test("a closed feed is silent and does not come back", async () => {
  const { feed, clock, wires, said, attempts } = rig();
  await feed.start();
  feed.close();
  wires[0]?.lose();
  clock.advance(60_000);
  await settled();
  expect([wires[0]?.closed, attempts(), said]).toEqual([true, 1, ["up"]]);
});

const dry = { dryRun: true, acceptRisk: true, revision: 7 };

test("an act asks the daemon; without one that is the answer", async () => {
  const { feed, wires } = rig();
  const kick = { action: "kick", targets: ["c1"], args: {} } as const;
  const none = { dryRun: true, ok: false, text: "no connection to the daemon", risk: undefined };
  expect(await feed.act(kick, dry)).toEqual(none);
  await feed.start();
  expect(await feed.act(kick, dry)).toEqual({ dryRun: true, ok: true, text: "would close c1", risk: "last_healthy" });
  const drain = { action: "drain", targets: ["eu-1", ""], args: { deadline: 30_000 } } as const;
  await feed.act(drain, { dryRun: false, acceptRisk: false, revision: 8 });
  const params = { deadline_ms: 30_000, dry_run: false, accept_risk: false, revision: 8 };
  expect(wires[0]?.calls).toEqual([
    ["kick", { target: "c1", dry_run: true, accept_risk: true, revision: 7 }],
    ["drain", { backend: "eu-1", ...params }],
    ["drain", params],
  ]);
});

test("an act on several rows that fails half-way says what was done before", async () => {
  const { feed, wires } = rig();
  await feed.start();
  const order = { action: "drain", targets: ["eu-1", "eu-2"], args: {} } as const;
  if (wires[0] !== undefined) wires[0].failAt = 1;
  expect(await feed.act(order, dry)).toMatchObject({ ok: false, text: "no more; before that: would close c1" });
});
