import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Core, enter, newCore } from "../../src/daemon/breaker/core.ts";
import { halfJitter, oneMoreOpening, openTime, openUntil, paidOff } from "../../src/daemon/breaker/open-time.ts";
import type { Rules } from "../../src/daemon/breaker/rules.ts";
import { type State, type StateKind, transitions } from "../../src/daemon/breaker/state.ts";

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

const examples: { [K in StateKind]: State & { kind: K } } = {
  closed: { kind: "closed", failuresInRow: 0, healthySince: 0 },
  open: { kind: "open", since: 0, openTime: 1000, jitter: 1 },
  half_open: { kind: "half_open", probes: [], passed: 0, passedSlowly: 0, quietSince: 0 },
  forced_open: { kind: "forced_open", since: 0, until: undefined },
  disabled: { kind: "disabled" },
  observe: { kind: "observe" },
};

const kinds = Object.keys(examples) as StateKind[];
const causes = [...new Set(kinds.flatMap((from) => kinds.flatMap((to) => transitions[from][to])))];
const pairs = kinds.flatMap((from) => kinds.map((to): [StateKind, StateKind] => [from, to]));

/** To where each state may move, itself included where an operator's verb may repeat. */
const design: Record<StateKind, StateKind[]> = {
  closed: ["closed", "open", "forced_open", "disabled", "observe"],
  open: ["closed", "half_open", "forced_open", "disabled", "observe"],
  half_open: ["closed", "open", "forced_open", "disabled", "observe"],
  forced_open: ["closed", "half_open", "forced_open", "disabled", "observe"],
  disabled: ["closed", "forced_open", "observe"],
  observe: ["closed", "forced_open", "disabled", "observe"],
};

// That each cause in the table really brings its move about is what the reference test's million steps show.
describe("the table of transitions", () => {
  it.each(kinds)("%s may move where the design says", (from) => {
    expect(kinds.filter((to) => transitions[from][to].length > 0)).toEqual(design[from]);
  });

  it.each(pairs)("%s > %s happens for the causes in it and is refused for all others", (from, to) => {
    const core: Core = { ...newCore(rules, 0), state: examples[from] };
    for (const cause of causes) {
      const move = (): Core => enter(core, examples[to], cause, 0);
      if (!transitions[from][to].includes(cause)) expect(move).toThrow(`from ${from} to ${to} by ${cause}`);
      else expect(move()).toMatchObject({ state: examples[to], entered: { from, cause }, generation: 1 });
    }
  });
});

describe("open time", () => {
  const anyRandom = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const anyRules = fc
    .record({ open: fc.integer({ min: 100, max: 3_600_000 }), more: fc.integer({ min: 0, max: 86_400_000 }) })
    .map(({ open, more }): Rules => ({ ...rules, open, open_max: open + more }));

  it("is min(open_max, open × 2^(n−1)), half of it certain, half chance, 5 s at most when alone", () => {
    fc.assert(
      fc.property(anyRules, fc.integer({ min: 1, max: 2000 }), anyRandom, (rules, openings, random) => {
        const time = openTime(openings, rules);
        expect(time).toBe(Math.min(rules.open_max, rules.open * 2 ** (openings - 1)));
        const state: State = { kind: "open", since: 0, openTime: time, jitter: halfJitter(random) };
        expect(openUntil(state, false)).toBeGreaterThanOrEqual(time / 2);
        expect(openUntil(state, false)).toBeLessThanOrEqual(time);
        expect(openUntil(state, true)).toBeLessThanOrEqual(Math.min(5000, openUntil(state, false)));
        expect(openUntil(state, true)).toBeGreaterThanOrEqual(Math.min(5000, time) / 2);
      }),
    );
  });

  it("openings are counted no further than they lengthen it, so that a long outage is paid off like a short one", () => {
    fc.assert(
      fc.property(anyRules, fc.integer({ min: 0, max: 300 }), (rules, times) => {
        let openings = 0;
        for (let n = 0; n < times; n++) openings = oneMoreOpening(openings, rules);
        expect(openTime(openings, rules)).toBe(openTime(times, rules));
        if (openings > 1) expect(openTime(openings - 1, rules)).toBeLessThan(rules.open_max);
      }),
    );
  });

  it("one opening is paid off per whole minute, never below none", () => {
    expect([0, 59_999, 60_000, 119_999, 120_000, 10_000_000].map((now) => paidOff(3, 0, now))).toEqual([
      3, 3, 2, 2, 1, 0,
    ]);
  });
});
