import { describe, expect, it } from "vitest";
import { type Acquired, Breaker, type Change, type Permit } from "../../src/daemon/breaker/breaker.ts";
import type { Rules } from "../../src/daemon/breaker/rules.ts";
import type { Timer } from "../../src/shared/clock.ts";
import { FakeClock } from "../fakes/clock.ts";

const rules: Rules = {
  mode: "enforce",
  failure_rate: 50,
  slow_rate: 80,
  minimum_calls: 5,
  consecutive: 3,
  slow_call: 2000,
  window: 60_000,
  open: 1000,
  open_max: 60_000,
};

/** Refuses the delays that setTimeout would take for 1 ms. */
class StrictClock extends FakeClock {
  override after(delay: number, run: () => void): Timer {
    if (delay < 0 || delay > 2 ** 31 - 1) throw new Error(`no timer waits ${delay} ms`);
    return super.after(delay, run);
  }
}

/** A breaker whose open times are the full ones unless a test says otherwise. */
function rig(changed: Partial<Rules> = {}, random: () => number = () => 1 - Number.EPSILON) {
  const clock = new StrictClock({ now: 1_000_000 });
  const changes: Change[] = [];
  const breaker = new Breaker({ clock, random, onChange: (change) => changes.push(change) }, { ...rules, ...changed });
  const permit = (): Permit => granted(breaker.tryAcquire());
  const fail = (times = 1): void => {
    for (let n = 0; n < times; n++) permit().fail("remote", 5);
  };
  const pass = (times = 1, took = 5): void => {
    for (let n = 0; n < times; n++) permit().ok(took);
  };
  const moves = (): string[] => changes.splice(0).map(({ from, to, cause }) => `${from} > ${to}: ${cause}`);
  return { clock, breaker, changes, moves, permit, fail, pass, state: () => breaker.view().state };
}

function granted(acquired: Acquired): Permit {
  if (acquired.kind === "rejected") throw new Error(`rejected, retry in ${acquired.retryAfterMs} ms`);
  return acquired.permit;
}

describe("closed", () => {
  it("opens after 3 failures in a row, and tells the time of the last", () => {
    const { breaker, changes, fail, state } = rig();
    fail(2);
    expect(state()).toBe("closed");
    fail();
    expect(changes).toEqual([{ from: "closed", to: "open", cause: "consecutive_failures", took: 5 }]);
    expect(breaker.view()).toMatchObject({ state: "open", last_cause: "consecutive_failures", failure_rate: 100 });
  });

  it("opens at the failure rate, not before the minimum of calls", () => {
    const { fail, pass, moves, state } = rig();
    fail(2);
    pass();
    fail();
    expect(state()).toBe("closed");
    pass();
    expect(moves()).toEqual(["closed > open: failure_rate"]);
  });

  it("stays closed under the failure rate", () => {
    const { fail, pass, breaker } = rig();
    for (let round = 0; round < 20; round++) {
      pass(3);
      fail(2);
    }
    expect(breaker.view()).toMatchObject({ state: "closed", calls: 100, failure_rate: 40 });
  });

  it("opens at the slow rate; exactly slow_call is not slow", () => {
    const { pass, moves, state } = rig();
    pass(5, 2000);
    expect(state()).toBe("closed");
    pass(19, 2001);
    expect(state()).toBe("closed");
    pass(1, 2001);
    expect(moves()).toEqual(["closed > open: slow_rate"]);
  });

  it("never opens for this host's own faults, however many, nor for cancelled calls", () => {
    const { permit, breaker, clock } = rig();
    for (let n = 0; n < 1000; n++) {
      permit().fail("local", 1);
      permit().cancel();
      clock.advance(10);
    }
    expect(breaker.view()).toMatchObject({ state: "closed", calls: 0 });
  });

  it("a local failure or a cancelled call does not break a row of failures", () => {
    const { permit, fail, moves } = rig();
    fail(2);
    permit().fail("local", 1);
    permit().cancel();
    fail();
    expect(moves()).toEqual(["closed > open: consecutive_failures"]);
  });

  it("opens at once for policy, labelled so", () => {
    const { permit, breaker } = rig();
    permit().fail("policy", 30);
    expect(breaker.view()).toMatchObject({ state: "open", last_cause: "policy" });
  });

  it("forgets calls with their bucket after the window", () => {
    const { fail, pass, breaker, clock } = rig();
    fail(2);
    pass();
    clock.advance(30_000);
    pass();
    expect(breaker.view().calls).toBe(4);
    clock.advance(30_000);
    expect(breaker.view()).toMatchObject({ calls: 1, failure_rate: 0 });
    clock.advance(3_600_000);
    expect(breaker.view().calls).toBe(0);
    fail(2);
    expect(breaker.view()).toMatchObject({ state: "closed", calls: 2, failure_rate: 100 });
  });

  it("takes the first word of a permit only", () => {
    const { permit, breaker } = rig();
    const one = permit();
    one.ok(1);
    one.fail("policy", 1);
    one.cancel();
    expect(breaker.view()).toMatchObject({ state: "closed", calls: 1, failure_rate: 0 });
  });
});

describe("open", () => {
  it("rejects until its time is over, then is half-open by its own timer", () => {
    const { breaker, fail, moves, clock } = rig();
    fail(3);
    clock.advance(400);
    expect(breaker.tryAcquire()).toEqual({ kind: "rejected", retryAfterMs: expect.closeTo(600) });
    expect(breaker.admits()).toBe(false);
    expect(breaker.view()).toMatchObject({ opened_seconds: 0.4, retry_in_ms: expect.closeTo(600), permits_left: null });
    moves();
    clock.advance(600);
    expect(moves()).toEqual(["open > half_open: open_time_over"]);
    expect(breaker.view()).toMatchObject({ opened_seconds: null, retry_in_ms: null, permits_left: 3 });
  });

  it("is left at the time asked even when the timer is late", () => {
    let now = 0;
    const noTimers = {
      now: () => now,
      wall: () => now,
      after: () => ({ cancel() {} }),
      every: () => ({ cancel() {} }),
    };
    const breaker = new Breaker({ clock: noTimers, random: () => 0, onChange() {} }, rules);
    for (let n = 0; n < 3; n++) granted(breaker.tryAcquire()).fail("remote", 1);
    now = 499;
    expect(breaker.tryAcquire()).toEqual({ kind: "rejected", retryAfterMs: 1 });
    now = 500;
    expect(breaker.tryAcquire().kind).toBe("permit");
  });

  it("doubles its time with each opening, up to open_max", () => {
    const { breaker, fail, clock } = rig();
    fail(3);
    const times: number[] = [];
    for (let n = 0; n < 9; n++) {
      const time = breaker.view().retry_in_ms ?? 0;
      times.push(Math.round(time));
      clock.advance(time + 1);
      fail();
    }
    expect(times).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  it("forgets one opening per healthy minute", () => {
    const { breaker, fail, pass, clock } = rig();
    fail(3);
    for (let n = 0; n < 3; n++) {
      clock.advance((breaker.view().retry_in_ms ?? 0) + 1);
      fail();
    }
    expect(breaker.view().retry_in_ms).toBeCloseTo(8000);
    clock.advance(8001);
    pass(3);
    clock.advance(119_999);
    fail();
    // One minute is paid off, the second was spoilt by a failure; the third opening follows the two that are left.
    clock.advance(60_000);
    pass();
    fail(3);
    expect(breaker.view().retry_in_ms).toBeCloseTo(4000);
  });

  it.each([0, 0.25, 0.5, 0.999])("has half jitter (random %s)", (random) => {
    const { breaker, fail } = rig({}, () => random);
    fail(3);
    expect(breaker.view().retry_in_ms).toBeCloseTo(1000 * (0.5 + random / 2));
  });

  it("lasts 5 s at most for a backend without alternative, whenever that is said", () => {
    const { breaker, fail, clock, state, moves } = rig({ open: 60_000 });
    fail(3);
    clock.advance(2000);
    breaker.setAlone(true);
    expect(breaker.view().retry_in_ms).toBeCloseTo(3000);
    breaker.setAlone(false);
    expect(breaker.view().retry_in_ms).toBeCloseTo(58_000);
    clock.advance(4000);
    expect(state()).toBe("open");
    moves();
    breaker.setAlone(true);
    clock.advance(0);
    expect(moves()).toEqual(["open > half_open: open_time_over"]);
    fail();
    expect(breaker.view().retry_in_ms).toBeCloseTo(5000);
    clock.advance(5000);
    expect(state()).toBe("half-open");
  });
});

/** A breaker whose open time is just over, without the changes up to there. */
function halfOpen() {
  const all = rig();
  all.fail(3);
  all.clock.advance(1000);
  all.moves();
  return all;
}

describe("half-open", () => {
  it("admits 3 calls, rejects the surplus, and closes empty when they passed", () => {
    const { breaker, permit, moves } = halfOpen();
    const probes = [permit(), permit(), permit()];
    expect(breaker.tryAcquire()).toEqual({ kind: "rejected", retryAfterMs: 10_000 });
    expect(breaker.view().permits_left).toBe(0);
    for (const probe of probes) probe.ok(5);
    expect(moves()).toEqual(["half_open > closed: probes_passed"]);
    expect(breaker.view()).toMatchObject({ calls: 0, last_cause: "consecutive_failures" });
  });

  it("opens again at the first failure", () => {
    const { permit, moves } = halfOpen();
    const [one, two, three] = [permit(), permit(), permit()];
    one.ok(5);
    two.fail("remote", 5);
    three.fail("remote", 5);
    expect(moves()).toEqual(["half_open > open: half_open_failure"]);
  });

  it("opens again for policy, labelled so", () => {
    const { permit, moves } = halfOpen();
    permit().fail("policy", 5);
    expect(moves()).toEqual(["half_open > open: policy"]);
  });

  it("opens again when the probes were slow", () => {
    const { pass, moves } = halfOpen();
    pass(3, 2001);
    expect(moves()).toEqual(["half_open > open: slow_rate"]);
  });

  it("closes when one of three was not slow", () => {
    const { pass, moves } = halfOpen();
    pass(2, 2001);
    pass();
    expect(moves()).toEqual(["half_open > closed: probes_passed"]);
  });

  it("gives a permit back when its call was cancelled or failed by this host's own fault", () => {
    const { breaker, permit, pass, moves } = halfOpen();
    for (let n = 0; n < 50; n++) {
      permit().cancel();
      permit().fail("local", 1);
    }
    expect(breaker.view().permits_left).toBe(3);
    pass(3);
    expect(moves()).toEqual(["half_open > closed: probes_passed"]);
  });

  it("ends a hung probe after 10 s as a failure, counted once", () => {
    const { breaker, permit, moves, clock } = halfOpen();
    const hung = permit();
    clock.advance(9999);
    expect(breaker.view()).toMatchObject({ state: "half-open", calls: 3 });
    clock.advance(1);
    expect(moves()).toEqual(["half_open > open: probe_hung"]);
    hung.fail("remote", 10_001);
    expect(breaker.view().calls).toBe(4);
  });

  it("heals when one probe passed and nobody wants more", () => {
    const { pass, permit, moves, clock } = halfOpen();
    pass();
    clock.advance(9000);
    const probe = permit();
    clock.advance(5000);
    probe.cancel();
    clock.advance(9999);
    expect(moves()).toEqual([]);
    clock.advance(1);
    expect(moves()).toEqual(["half_open > closed: probes_passed"]);
  });

  it("stays for ever when nobody asks", () => {
    const { state, clock } = halfOpen();
    clock.advance(86_400_000);
    expect(state()).toBe("half-open");
  });

  it("late results only count", () => {
    const { breaker, permit, fail, moves, clock } = rig();
    const early = Array.from({ length: 10 }, permit);
    fail(3);
    clock.advance(1000);
    moves();
    for (const late of early.slice(0, 5)) late.fail("remote", 1000);
    early[5]?.fail("policy", 1000);
    for (const late of early.slice(6)) late.ok(1000);
    expect(moves()).toEqual([]);
    expect(breaker.view()).toMatchObject({ state: "half-open", permits_left: 3, calls: 13 });
  });

  it("a session that dies young speaks for its stay: it opens half-open, it takes and gives no permit", () => {
    const { breaker, moves } = halfOpen();
    const quiet = breaker.follow();
    const young = breaker.follow();
    expect(breaker.view().permits_left).toBe(3);
    for (let n = 0; n < 3; n++) breaker.follow().ok(1);
    expect(moves()).toEqual([]);
    young.fail("remote", 4000);
    quiet.fail("remote", 4000);
    expect(moves()).toEqual(["half_open > open: half_open_failure"]);
  });
});

describe("operator", () => {
  it("open-breaker rejects until it is ended", () => {
    const { breaker, clock, state } = rig();
    breaker.forceOpen();
    clock.advance(86_400_000);
    expect(breaker.tryAcquire()).toEqual({ kind: "rejected", retryAfterMs: undefined });
    expect(breaker.view()).toMatchObject({ state: "forced-open", opened_seconds: 86_400, retry_in_ms: null });
    breaker.reset();
    expect(state()).toBe("closed");
  });

  it("open-breaker for a time ends half-open; a new one replaces the time; being alone changes nothing", () => {
    const { breaker, moves, clock, state } = rig();
    breaker.forceOpen(60_000);
    breaker.setAlone(true);
    clock.advance(50_000);
    expect(breaker.tryAcquire()).toEqual({ kind: "rejected", retryAfterMs: 10_000 });
    breaker.forceOpen(90_000);
    clock.advance(89_999);
    expect(state()).toBe("forced-open");
    clock.advance(1);
    expect(moves()).toEqual(["closed > forced_open: operator", "forced_open > half_open: open_time_over"]);
  });

  it("open-breaker for longer than a timer can wait does not end at once", () => {
    const { breaker, clock, moves } = rig();
    breaker.forceOpen(2 ** 33);
    clock.advance(2 ** 33 - 1);
    expect(moves()).toEqual(["closed > forced_open: operator"]);
    clock.advance(1);
    expect(moves()).toEqual(["forced_open > half_open: open_time_over"]);
  });

  it("close-breaker admits everything and still counts", () => {
    const { breaker, fail, permit, clock } = rig();
    fail(3);
    breaker.disable();
    fail(20);
    permit().fail("policy", 1);
    clock.advance(1000);
    expect(breaker.view()).toMatchObject({ state: "disabled", calls: 24, failure_rate: 100 });
    expect(breaker.admits()).toBe(true);
  });

  it("reset-breaker is as new: counters zero, the next open time the first", () => {
    const { breaker, fail, clock, permit } = rig();
    const early = permit();
    fail(3);
    clock.advance(1000);
    fail();
    breaker.reset();
    expect(breaker.view()).toEqual({
      state: "closed",
      failure_rate: 0,
      slow_rate: 0,
      calls: 0,
      opened_seconds: null,
      retry_in_ms: null,
      permits_left: null,
      cause: "operator",
      last_cause: null,
    });
    early.fail("policy", 1000);
    expect(breaker.view()).toMatchObject({ state: "closed", calls: 1 });
    breaker.reset();
    fail(3);
    expect(breaker.view().retry_in_ms).toBeCloseTo(1000);
  });
});

describe("settings", () => {
  it("observe counts and admits everything", () => {
    const { breaker, fail, moves } = rig({ mode: "observe" });
    fail(50);
    expect(breaker.view()).toMatchObject({ state: "observe", calls: 50, failure_rate: 100 });
    expect(moves()).toEqual([]);
  });

  it("a reload changes the rules in place; an operator's state outlives it", () => {
    const { breaker, fail, moves, clock, state } = rig();
    fail(3);
    breaker.setRules({ ...rules, mode: "observe" });
    expect(state()).toBe("observe");
    breaker.forceOpen(1000);
    breaker.setRules(rules);
    breaker.setRules({ ...rules, mode: "observe" });
    clock.advance(1000);
    breaker.setRules({ ...rules, consecutive: 1 });
    fail();
    expect(moves()).toEqual([
      "closed > open: consecutive_failures",
      "open > observe: config",
      "observe > forced_open: operator",
      "forced_open > observe: open_time_over",
      "observe > closed: config",
      "closed > open: consecutive_failures",
    ]);
  });

  it("a window of the same length is kept, of another starts empty", () => {
    const { breaker, fail } = rig();
    fail(2);
    breaker.setRules({ ...rules, consecutive: 9 });
    expect(breaker.view().calls).toBe(2);
    breaker.setRules({ ...rules, window: 120_000 });
    expect(breaker.view().calls).toBe(0);
  });
});

it("holds one timer at most, none after stop, not even for what ends later", () => {
  const { breaker, clock, fail, permit } = rig();
  expect(clock.pending).toBe(0);
  fail(3);
  expect(clock.pending).toBe(1);
  clock.advance(1000);
  const probe = permit();
  permit();
  expect(clock.pending).toBe(1);
  breaker.stop();
  probe.fail("remote", 5);
  expect(clock.pending).toBe(0);
});
