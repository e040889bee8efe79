import { beforeEach, describe, expect, it } from "vitest";
import type { FlowSession } from "../../src/daemon/flow/ports.ts";
import { Shapers } from "../../src/daemon/flow/shapers.ts";
import { frameType } from "../../src/daemon/link/frame.ts";
import type { Limit } from "../../src/daemon/limit/limit.ts";
import { BucketPath } from "../../src/daemon/limit/path.ts";
import { TokenBucket } from "../../src/daemon/limit/token-bucket.ts";
import { vnetToLink } from "../../src/daemon/packet/vnet.ts";
import { FakeClock } from "../fakes/clock.ts";
import { unitFor } from "../packet/shapes.ts";
import { Counted, FakeLink, packet, Sessions, spec } from "./parts.ts";

let clock: FakeClock;
let counted: Counted;
let shapers: Shapers;
let sessions: Sessions;
let waits: string[];

beforeEach(() => {
  clock = new FakeClock({ now: 5000 });
  counted = new Counted();
  sessions = new Sessions();
  waits = [];
  shapers = new Shapers({
    clock,
    counters: counted.values,
    queueBytes: 8 * 1024 * 1024,
    waited: ({ id }, by) => void waits.push(`${id} ${by}`),
  });
});

function session(id: string, limit?: Limit): { session: FlowSession; link: FakeLink; bucket: TokenBucket } {
  const link = new FakeLink(sessions.table.size + 1);
  link.slow = true;
  const added = sessions.add(spec(id, [`10.8.0.${sessions.table.size + 2}`]), link);
  const bucket = new TokenBucket(limit ?? { unit: "bytes", perSecond: 1_000_000, burst: 1000 }, clock.now());
  if (limit !== undefined) shapers.of(added).path = new BucketPath([bucket]);
  link.onRoom = () => {
    shapers.wake(added);
    shapers.run();
  };
  return { session: added, link, bucket };
}

/** Gives the session a plain packet of so many bytes. */
function send(to: FlowSession, length: number, flow = 1): void {
  const bytes = Buffer.concat([Buffer.alloc(14), packet("10.8.0.1", "10.8.0.2", length - 28)]);
  const link = to.linkFor(flow) ?? expect.fail();
  shapers.of(to).accept({ bytes, header: 4, length, flow, since: clock.now() }, link);
  shapers.added(to);
}

const mbit: Limit = { unit: "bytes", perSecond: 125_000, burst: 1250 };

describe("a limited session", () => {
  it("gets what its bucket lets pass, in time and in order, and is counted when it is sent", () => {
    const { session: ann, link, bucket } = session("ann", mbit);
    for (let n = 0; n < 9; n++) send(ann, 1250);
    shapers.run();
    expect([link.frames.length, counted.totals.frames_accepted]).toEqual([1, 1]);
    // 1250 bytes are 10 ms.
    clock.advance(50);
    expect(link.frames.length).toBe(6);
    expect(waits).toContain("ann bucket");
    clock.advance(1000);
    expect(link.frames.length).toBe(9);
    expect(bucket.taken).toBe(11_250);
    expect(counted.totals).toMatchObject({ frames_accepted: 9, tx_packets: 9, tx_bytes: 11_250 });
    expect(clock.pending).toBe(0);
  });

  it("shares a bucket with others in turns", () => {
    const [{ session: ann, link: anns }, { session: bob, link: bobs }] = [session("ann", mbit), session("bob", mbit)];
    const both = new BucketPath([new TokenBucket(mbit, clock.now())]);
    for (const one of [ann, bob]) shapers.of(one).path = both;
    for (let n = 0; n < 400; n++) for (const one of [ann, bob]) send(one, 1250);
    shapers.run();
    clock.advance(1000);
    const [first, second] = [anns.frames.length, bobs.frames.length];
    expect(first + second).toBeGreaterThan(98);
    expect(Math.abs(first - second)).toBeLessThan(15);
  });

  it("gets a large unit in pieces of a millisecond, of one packet at least", () => {
    const shape = { version: 4, protocol: "tcp", options: 0, tcpOptions: 0, flags: 16, sequence: 1, id: 1 } as const;
    const { unit } = unitFor({ ...shape, size: 1448, payload: new Uint8Array(14_480) });
    const bytes = Buffer.concat([Buffer.alloc(4), unit]);
    expect(vnetToLink(bytes, 4, unit.length - 10)).toBe(true);
    const pieces = (limit: Limit): number[] => {
      const { session: to, link } = session(`s${sessions.table.size}`, { ...limit, burst: 1_000_000 });
      const { length } = unit;
      shapers.of(to).accept({ bytes, header: 4, length: length - 10, flow: 1, since: clock.now() }, link);
      shapers.added(to);
      shapers.run();
      expect(link.frames.every(({ type }) => type === frameType.offload)).toBe(true);
      return link.frames.map(({ body }) => Math.round((body.length - 50) / 1448));
    };
    expect(pieces(mbit)).toEqual(Array.from({ length: 10 }, () => 1));
    expect(pieces({ ...mbit, perSecond: 5_000_000 })).toEqual([3, 3, 3, 1]);
    expect(pieces({ ...mbit, perSecond: 100_000_000 })).toEqual([10]);
    expect(pieces({ unit: "packets", perSecond: 4000, burst: 1 })).toEqual([4, 4, 2]);
    expect(counted.totals.frames_accepted).toBe(10 + 4 + 1 + 3);
  });
});

it("leaves room for newcomers when sessions that take nothing have filled theirs", () => {
  for (const name of ["ann", "bob", "eve"]) {
    const { session: stuck, link } = session(name);
    link.capacity = 0;
    for (let n = 0; n < 4000; n++) send(stuck, 1400);
  }
  const { session: dan, link } = session("dan");
  link.capacity = 0;
  const dropped = counted.dropped;
  for (let n = 0; n < 200; n++) send(dan, 1400);
  expect(counted.dropped).toBe(dropped);
});

describe("a session without a limit", () => {
  it("waits while its link is full, and goes on when there is room", () => {
    const { session: ann, link } = session("ann");
    link.capacity = 3000;
    for (let n = 0; n < 10; n++) send(ann, 1000);
    shapers.run();
    expect(link.frames.length).toBe(3);
    expect(waits).toEqual(["ann window"]);
    link.drain();
    expect(link.frames.length).toBe(6);
    expect(shapers.of(ann).holds(link, true, 1000, 0)).toBe(true);
    for (let turn = 0; turn < 3; turn++) link.drain();
    expect(link.frames.length).toBe(10);
    expect(shapers.of(ann).holds(link, true, 1000, 0)).toBe(false);
  });

  it("has each flow on its own link: one that is full does not hold the others", () => {
    const { session: ann, link } = session("ann");
    const other = new FakeLink(99);
    ann.add(other);
    const flows = Array.from({ length: 40 }, (_, flow) => flow * 7919);
    for (const flow of flows) ann.linkFor(flow);
    link.capacity = 0;
    for (const flow of flows) send(ann, 500, flow);
    shapers.run();
    const stuck = flows.filter((flow) => ann.linkFor(flow) === link).length;
    expect([link.frames.length, other.frames.length]).toEqual([0, 40 - stuck]);
  });

  it("sends what comes for a free link while it sleeps for a full one", () => {
    const { session: ann, link: first } = session("ann");
    const [link, other] = [new FakeLink(98, true), new FakeLink(99, true)];
    for (const one of [link, other]) ann.add(one);
    // New flows are chosen a link for when the first one is gone.
    ann.remove(first);
    const flows = Array.from({ length: 40 }, (_, flow) => flow * 7919);
    const stuck = flows.find((flow) => ann.linkFor(flow) === link) ?? expect.fail();
    const free = flows.find((flow) => ann.linkFor(flow) === other) ?? expect.fail();
    link.capacity = 0;
    link.bounded = true;
    link.roomIn = 15;
    send(ann, 500, stuck);
    shapers.run();
    send(ann, 500, free);
    shapers.run();
    expect([link.frames.length, other.frames.length]).toEqual([0, 1]);
    // With every link full, what comes waits without a turn.
    other.capacity = 0;
    send(ann, 500, free);
    shapers.run();
    const turns = waits.length;
    send(ann, 500, free);
    shapers.run();
    expect(waits.length).toBe(turns);
  });

  it("is saturated when every link is full and enough waits; not when it is limited or slow", () => {
    const { session: ann, link } = session("ann");
    link.capacity = 0;
    for (let n = 0; n < 500; n++) send(ann, 1400);
    expect(shapers.of(ann).saturated).toBe(true);
    link.bounded = true;
    // 500 of them in the kernel's queue are 7 ms of this path, and 350 ms of that one.
    link.pace = 100_000;
    expect(shapers.of(ann).saturated).toBe(true);
    link.pace = 2000;
    expect(shapers.of(ann).saturated).toBe(false);
  });

  it("lets pass what a slow link has room for, and holds what would keep others waiting", () => {
    const { session: ann, link } = session("ann");
    link.bounded = true;
    link.pace = 2500;
    link.capacity = 20_000;
    expect(shapers.of(ann).holds(link, true, 1400, 0)).toBe(false);
    expect(shapers.of(ann).holds(link, true, 1400, 20_000)).toBe(true);
    expect(shapers.of(ann).holds(link, true, 60_000, 0)).toBe(true);
  });

  it("looks again soon, whatever a link that stood still promised", () => {
    for (const roomIn of [Number.POSITIVE_INFINITY, 24_000, Number.NaN]) {
      const { session: ann, link } = session(`ann ${roomIn}`);
      link.capacity = 0;
      link.bounded = true;
      link.roomIn = roomIn;
      send(ann, 1000);
      shapers.run();
      link.capacity = 3000;
      clock.advance(25);
      expect(link.frames.length).toBe(1);
    }
  });

  it("loses what waits when it is gone, counted", () => {
    const { session: ann, link } = session("ann");
    link.capacity = 0;
    for (let n = 0; n < 7; n++) send(ann, 1000);
    shapers.run();
    shapers.forget(ann);
    expect(counted.drops).toEqual({ no_link: 7 });
  });
});
