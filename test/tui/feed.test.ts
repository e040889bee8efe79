import { expect, test } from "vitest";
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
  call(...call: unknown[]): Promise<{ message: string; facts: Record<string, unknown> }> {
    this.calls.push(call);
    return Promise.resolve({ message: "would close c1", facts: { last_healthy: true } });
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

test("an act asks the daemon; without one that is the answer", async () => {
  const { feed, wires } = rig();
  const dry = { dryRun: true, acceptRisk: true };
  const none = { dryRun: true, ok: false, text: "no connection to the daemon", lastHealthy: false };
  expect(await feed.act("kick", "c1", dry)).toEqual(none);
  await feed.start();
  const answer = { dryRun: true, ok: true, text: "would close c1", lastHealthy: true };
  expect(await feed.act("kick", "c1", dry)).toEqual(answer);
  await feed.act("drain", "eu-1", { dryRun: false, acceptRisk: false });
  expect(wires[0]?.calls).toEqual([
    ["kick", { target: "c1", dry_run: true }],
    ["drain", { backend: "eu-1", dry_run: false, accept_risk: false }],
  ]);
});
