import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checksStart, type CheckState, checkStep } from "../../src/daemon/health/check-state.ts";
import { nextProbeAt, stretch } from "../../src/daemon/health/probe-schedule.ts";

const rules = { interval: 5000, stretch: 1 };
const checks = { rise: 2, fall: 3 };
const starting = checksStart(0);
const up = checkStep(starting, { kind: "passed" }, checks, 0);
const fail = (state: CheckState): CheckState => checkStep(state, { kind: "failed", cause: "timeout" }, checks, 0);
const down = fail(fail(fail(up)));

describe("next probe", () => {
  test("the first at once", () => expect(nextProbeAt(starting, undefined, 700, rules, 0.5)).toBe(700));

  test.each([
    [0, 5500],
    [0.5, 6000],
    [1, 6500],
  ])("interval ±10 %% (random %d)", (random, at) => {
    expect(nextProbeAt(up, 1000, 1000, rules, random)).toBeCloseTo(at);
    expect(nextProbeAt(down, 1000, 1000, rules, random)).toBeCloseTo(at);
  });

  test("is spread over the whole ±10 % and not beyond", () => {
    const property = fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (random) => {
      const wait = nextProbeAt(up, 0, 0, rules, random);
      expect(wait).toBeGreaterThanOrEqual(4500);
      expect(wait).toBeLessThanOrEqual(5500);
    });
    fc.assert(property);
  });

  test.each([
    ["up, one missed", fail(up)],
    ["up, two missed", fail(fail(up))],
    ["starting, one missed", fail(starting)],
    ["down, one passed", checkStep(down, { kind: "passed" }, checks, 0)],
    ["stopping, one missed", fail(checkStep(up, { kind: "stopping" }, checks, 0))],
  ])("a second while %s", (_, state) => expect(nextProbeAt(state, 1000, 1000, rules, 0)).toBe(2000));

  test("never slower after a miss than before", () => {
    expect(nextProbeAt(fail(up), 0, 0, { interval: 200, stretch: 1 }, 0.5)).toBeCloseTo(200);
  });

  test("a loaded server stretches the interval, not the second after a miss", () => {
    const loaded = { interval: 5000, stretch: stretch(10_000) };
    expect(nextProbeAt(up, 0, 0, loaded, 0.5)).toBeCloseTo(15_000);
    expect(nextProbeAt(fail(up), 0, 0, loaded, 0.5)).toBe(1000);
  });
});

test("an empty server stretches nothing", () => expect(stretch(0)).toBe(1));
