import * as fc from "fast-check";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { Subscription } from "../../src/daemon/control/subscription.ts";
import { apply } from "../../src/shared/control/delta.ts";
import type { Update } from "../../src/shared/control/protocol.ts";
import type { Snapshot } from "../../src/shared/control/snapshot.ts";
import { controlRig } from "../fakes/control-server.ts";
import {
  aBackend,
  aBreaker,
  aBucket,
  aConnection,
  aControl,
  aPoint,
  aTop,
  aService,
  aSession,
  aSnapshot,
  aStatus,
  anEvent,
} from "../fakes/snapshot.ts";
import { FakeClock } from "../fakes/clock.ts";

describe("the pace of a subscription", () => {
  let clock: FakeClock;
  let state: Snapshot;
  let sent: Update[];
  let ready: boolean;
  let subscription: Subscription;

  beforeEach(() => {
    clock = new FakeClock();
    state = aSnapshot();
    sent = [];
    ready = true;
    const to = { clock, snapshot: () => state, ready: () => ready, send: (update: Update) => void sent.push(update) };
    subscription = new Subscription(to, 2);
    subscription.pump();
  });

  const change = (rx_bytes: number): void => {
    state = aSnapshot({ status: aStatus({ rx_bytes }) });
    subscription.changed();
  };
  const bytes = (): unknown[] =>
    sent.map((update) => (update.kind === "delta" ? update.delta.status?.rx_bytes : "snapshot"));

  it("starts with the snapshot, then one delta for all changes of an interval", () => {
    change(1);
    change(2);
    clock.advance(499);
    expect(bytes()).toEqual(["snapshot"]);
    clock.advance(1);
    expect(bytes()).toEqual(["snapshot", 2]);
    clock.advance(10_000);
    change(3);
    expect(bytes()).toEqual(["snapshot", 2, 3]);
  });

  it("is silent when nothing changed", () => {
    clock.advance(10_000);
    subscription.changed();
    clock.advance(10_000);
    expect(sent).toHaveLength(1);
  });

  it("waits for a reader, and asks for no snapshot meanwhile", () => {
    ready = false;
    for (let n = 1; n <= 5; n += 1) {
      clock.advance(1_000);
      change(n);
    }
    expect(sent).toHaveLength(1);
    ready = true;
    subscription.pump();
    expect(bytes()).toEqual(["snapshot", 5]);
  });

  it("ends", () => {
    change(1);
    subscription.stop();
    clock.advance(1_000);
    expect(sent).toHaveLength(1);
  });
});

function without(snapshot?: Snapshot): unknown {
  return { ...snapshot, control: undefined };
}

describe("over the wire", () => {
  const tick = fc.record({
    ids: fc.uniqueArray(fc.constantFrom("a", "b", "c", "d"), { maxLength: 4 }),
    rx: fc.nat(3),
    newEvents: fc.nat(3),
  });

  it("a client's snapshot equals the daemon's after any sequence of changes", async () => {
    await using rig = await controlRig();
    await fc.assert(
      fc.asyncProperty(fc.array(tick, { minLength: 1, maxLength: 5 }), async (ticks) => {
        using client = await rig.connect();
        let seen: Snapshot | undefined;
        await client.subscribe(10, (snapshot) => (seen = snapshot));
        let seq = 0;
        for (const [n, { ids, rx, newEvents }] of ticks.entries()) {
          seq += newEvents;
          rig.backend.set({
            v: 1,
            time_ms: n,
            status: aStatus({ rx_bytes: rx, uptime_seconds: n }),
            control: aControl(),
            connections: ids.map((id) => aConnection(id, { rx_bytes: rx })),
            sessions: ids.toReversed().map((id) => aSession(id)),
            backends: ids.map((id) => aBackend(id, { connections: rx })),
            breakers: ids.toReversed().map((id) => aBreaker(id, { calls: rx })),
            services: ids.map((id) => aService(id, { rx_bytes: rx })),
            buckets: ids.map((id) => aBucket(`session/${id}/up`, { dropped: rx })),
            events: Array.from({ length: 4 }, (_, at) => anEvent(seq + at)),
            history: Array.from({ length: 3 }, (_, at) => aPoint(n + at)),
            top: aTop,
          });
        }
        await vi.waitFor(() => expect(without(seen)).toEqual(without(rig.backend.state)), { interval: 2 });
      }),
      { numRuns: 15 },
    );
  });

  it("apply needs the snapshot that the delta was made from", () => {
    const before = aSnapshot({ events: [] });
    expect(apply(before, { time_ms: 3 })).toEqual({ ...before, time_ms: 3 });
  });
});
