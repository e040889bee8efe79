import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { averageAfter } from "../../src/daemon/balance/rtt.ts";
import {
  effectiveWeight,
  initialFactor,
  medianRtt,
  recoveredFactor,
  slowStart,
  slowStartWindow,
  stepFactor,
  targetFactor,
  type WeightFactor,
} from "../../src/daemon/balance/weights.ts";
import { seededRandom } from "./candidates.ts";

const fine = { rtt: 10, failureRate: 0, ramp: 1, loadHint: 1 };

describe("the target", () => {
  test.each([
    ["nothing wrong", fine, 1],
    ["faster than the median", { ...fine, rtt: 1 }, 1],
    ["half as fast", { ...fine, rtt: 20 }, 0.5],
    ["never less than a quarter for its rtt", { ...fine, rtt: 5000 }, 0.25],
    ["no rtt yet", { ...fine, rtt: undefined }, 1],
    ["rtt of nothing", { ...fine, rtt: 0 }, 1],
    ["failures", { ...fine, failureRate: 0.3 }, 0.7],
    ["slow start", { ...fine, ramp: 0.4 }, 0.4],
    ["load", { ...fine, loadHint: 0.6 }, 0.6],
    ["all of it", { rtt: 20, failureRate: 0.5, ramp: 0.5, loadHint: 0.8 }, 0.1],
    ["nonsense from a server", { ...fine, loadHint: 7, failureRate: -1 }, 1],
  ])("%s", (_, measured, expected) => expect(targetFactor(measured, 10)).toBeCloseTo(expected));

  test.each([
    [0.3, 4.9, 1],
    [0.3, 10, 0.5],
    [0.3, 40, 0.25],
    [4, 8, 0.625],
  ])("where the median is %d ms, one of %d ms has %d", (median, rtt, expected) =>
    expect(targetFactor({ ...fine, rtt }, median)).toBeCloseTo(expected),
  );

  test("without a median", () => expect(targetFactor(fine, undefined)).toBe(1));

  test.each([
    [[30, 10, 20], 20],
    [[100, 1], 1],
    [[4, 3, undefined, 2, 1], 2],
    [[undefined, 7], 7],
    [[undefined], undefined],
    [[], undefined],
  ])("median of %j", (rtts, expected) => expect(medianRtt(rtts)).toBe(expected));
});

describe("slow start", () => {
  test("never at process start", () => expect(slowStart(undefined, 0)).toBe(1));

  test("is linear from a tenth to all of it", () => {
    expect(slowStart(5000, 5000)).toBeCloseTo(0.1);
    const step = 0.9 / 30;
    for (let second = 1; second <= 30; second++) {
      expect(slowStart(5000, 5000 + second * 1000)).toBeCloseTo(0.1 + step * second);
    }
    expect(slowStart(5000, 6000 + slowStartWindow)).toBe(1);
  });

  test("the weight comes back with it", () => {
    let factor = recoveredFactor(0);
    expect(effectiveWeight(100, factor, undefined)).toBe(10);
    for (let now = 1000; now <= slowStartWindow; now += 1000) {
      factor = stepFactor(factor, targetFactor({ ...fine, ramp: slowStart(0, now) }, 10), now);
    }
    expect(factor.value).toBe(1);
  });
});

describe("the step", () => {
  test("moves at most 10 % of the weight a second, whatever happens and however often it looks", () => {
    const looks = fc.array(
      fc.record({
        wait: fc.integer({ min: 1, max: 5000 }),
        target: fc.double({ min: -1, max: 3, noNaN: true }),
      }),
      { maxLength: 200 },
    );
    fc.assert(
      fc.property(looks, (list) => {
        let factor = initialFactor(0);
        let now = 0;
        for (const { wait, target } of list) {
          now += wait;
          const next = stepFactor(factor, target, now);
          const limit = 0.1 * Math.min(1, wait / 1000) + 1e-9;
          expect(Math.abs(next.value / factor.value - 1)).toBeLessThanOrEqual(limit);
          expect(next.value).toBeGreaterThan(0);
          expect(next.value).toBeLessThanOrEqual(1);
          factor = next;
        }
      }),
    );
  });

  test("falls to the target and stays there", () => {
    const values = run(40, () => 0.25);
    expect(values[0]).toBeCloseTo(0.9);
    expect(values.at(-1)).toBe(0.25);
  });

  test("noise of less than 10 % moves nothing", () => {
    const random = seededRandom(4);
    expect(new Set(run(300, () => 0.91 + 0.09 * random()))).toEqual(new Set([1]));
  });

  test("turns at most once a minute: down at once, up a minute later, down again a minute after that", () => {
    const values = run(240, (second) => (second <= 5 || second > 70 ? 0.25 : 1));
    expect(values[4]).toBeCloseTo(0.9 ** 5);
    expect(values[59]).toBe(values[4]);
    expect(values[60]).toBeGreaterThan(values[4] ?? 1);
    expect(values[119]).toBe(1);
    expect(values[120]).toBeCloseTo(0.9);
    expect(values.at(-1)).toBe(0.25);
  });

  test("a target of nothing leaves enough to come back from", () => {
    const values = run(350, (second) => (second <= 300 ? 0 : 1));
    expect(values[299]).toBe(0.01);
    expect(values.at(-1)).toBe(1);
  });
});

test("a pinned weight counts at once, until unpinned", () => {
  const factor = { ...initialFactor(0), value: 0.5 };
  expect(effectiveWeight(100, factor, 7)).toBe(7);
  expect(effectiveWeight(100, factor, 0)).toBe(0);
  expect(effectiveWeight(100, factor, undefined)).toBe(50);
});

describe("one slow server of three, for 20 minutes", () => {
  /** Round trips of three servers, given each one's share of the traffic. */
  type Model = (second: number, shares: readonly number[]) => readonly number[];

  const models: Record<string, Model> = {
    "far away": () => [10, 10, 60],
    "slow under load": (_, shares) => [10, 10, 5 / Math.max(0.05, 1 - 2.5 * (shares[2] ?? 0))],
    "slow after a delay under load": (_, shares) => [10, 10, (shares[2] ?? 0) > 0.2 ? 80 : 8],
    "slow now and then": (second) => [10, 10, second % 40 < 20 ? 80 : 10],
  };

  test.each(Object.entries(models))("%s: its weight falls and does not oscillate", (_, model) => {
    for (const seed of [1, 2, 3]) {
      const history = simulate(model, seed);
      expect(history.map((weights) => weights[2] ?? 1).reduce((low, next) => Math.min(low, next))).toBeLessThan(0.8);
      for (const server of [0, 1, 2]) {
        const turns = directionChanges(history.map((weights) => weights[server] ?? 0));
        for (const turn of turns) {
          expect(turns.filter((other) => other >= turn && other < turn + 60)).toEqual([turn]);
        }
      }
    }
  });

  test("settles when the server stays slow", () => {
    const history = simulate(models["far away"] as Model, 9);
    expect(directionChanges(history.map((weights) => weights[2] ?? 0))).toEqual([]);
    expect(history.at(-1)?.[2]).toBeLessThan(0.3);
    expect(history.at(-1)?.[0]).toBe(1);
  });

  function simulate(model: Model, seed: number): number[][] {
    const random = seededRandom(seed);
    let factors = [0, 1, 2].map(() => initialFactor(0));
    let rtts: number[] = [];
    return Array.from({ length: 20 * 60 }, (_, second) => {
      const total = factors.reduce((sum, { value }) => sum + value, 0);
      const trips = model(
        second,
        factors.map(({ value }) => value / total),
      );
      rtts = trips.map((trip, server) => averageAfter(rtts[server], trip * (0.7 + 0.6 * random())));
      const median = medianRtt(rtts);
      factors = factors.map((factor, server) =>
        stepFactor(factor, targetFactor({ ...fine, rtt: rtts[server] }, median), (second + 1) * 1000),
      );
      return factors.map(({ value }) => value);
    });
  }
});

function run(seconds: number, target: (second: number) => number): number[] {
  let factor: WeightFactor = initialFactor(0);
  return Array.from({ length: seconds }, (_, index) => {
    factor = stepFactor(factor, target(index + 1), (index + 1) * 1000);
    return factor.value;
  });
}

/** When the values turned from falling to rising or back. */
function directionChanges(values: readonly number[]): number[] {
  const turns: number[] = [];
  let direction = 0;
  values.forEach((value, index) => {
    const now = Math.sign(value - (values[index - 1] ?? value));
    if (now === 0) return;
    if (direction !== 0 && now !== direction) turns.push(index);
    direction = now;
  });
  return turns;
}
