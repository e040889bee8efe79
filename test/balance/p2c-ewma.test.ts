import { describe, expect, test } from "vitest";
import { P2cEwma } from "../../src/daemon/balance/p2c-ewma.ts";
import { averageAfter, decayed, peakAfter, type PeakRtt } from "../../src/daemon/balance/rtt.ts";
import { FakeClock } from "../fakes/clock.ts";
import { candidate, countBy, seededRandom } from "./candidates.ts";

/** Requests at a steady rate to backends with these service times; gives who got how many. */
function simulate(serviceTimes: Record<string, number>, requests: number, weights: Record<string, number> = {}) {
  const clock = new FakeClock();
  const random = seededRandom(11);
  const strategy = new P2cEwma(clock, random);
  const names = Object.keys(serviceTimes);
  const rtts = new Map<string, PeakRtt>();
  const inFlight = new Map<string, number>();
  const chosen: string[] = [];
  for (let request = 0; request < requests; request++) {
    const candidates = names.map((name) =>
      candidate(name, weights[name] ?? 1, { connections: inFlight.get(name) ?? 0, rtt: rtts.get(name) }),
    );
    const name = strategy.pick(candidates)?.name ?? "none";
    chosen.push(name);
    inFlight.set(name, (inFlight.get(name) ?? 0) + 1);
    const duration = (serviceTimes[name] ?? 0) * (0.8 + 0.4 * random());
    clock.after(duration, () => {
      inFlight.set(name, (inFlight.get(name) ?? 0) - 1);
      rtts.set(name, peakAfter(rtts.get(name), duration, clock.now()));
    });
    clock.advance(5);
  }
  return countBy(chosen, (name) => name);
}

describe("p2c_ewma", () => {
  test("avoids a slow backend, and still tries it", () => {
    const counts = simulate({ fast: 10, quick: 12, slow: 400 }, 10_000);
    expect((counts["slow"] ?? 0) / 10_000).toBeLessThan(0.03);
    expect(counts["slow"]).toBeGreaterThan(0);
    expect((counts["quick"] ?? 0) / 10_000).toBeGreaterThan(0.3);
  });

  test("equal backends share", () => {
    const counts = simulate({ a: 20, b: 20, c: 20 }, 9000);
    for (const name of ["a", "b", "c"]) expect(Math.abs((counts[name] ?? 0) / 9000 - 1 / 3)).toBeLessThan(0.05);
  });

  test("a heavier backend gets more", () => {
    const counts = simulate({ a: 40, b: 40 }, 5000, { a: 3, b: 1 });
    expect(counts["a"]).toBeGreaterThan(2 * (counts["b"] ?? 0));
  });

  const clock = new FakeClock({ now: 1000 });
  const always = (first: number, second: number): P2cEwma => {
    const draws = [first, second];
    return new P2cEwma(clock, () => draws.shift() ?? 0);
  };

  test("in flight counts: (3 + 1) × 10 ms is worse than (0 + 1) × 30 ms", () => {
    const a = candidate("a", 1, { connections: 3, rtt: { estimate: 10, at: 1000 } });
    const b = candidate("b", 1, { connections: 0, rtt: { estimate: 30, at: 1000 } });
    expect(always(0, 0).pick([a, b])?.name).toBe("b");
    expect(always(0, 0).pick([{ ...a, connections: 1 }, b])?.name).toBe("a");
  });

  test("estimates decay when read: the one that was slow 30 s ago gets another chance", () => {
    const now = { estimate: 10, at: 1000 };
    const long = candidate("long", 1, { rtt: { estimate: 100, at: -29_000 } });
    expect(always(0, 0).pick([candidate("now", 1, { rtt: now }), long])?.name).toBe("long");
    expect(
      always(0, 0).pick([candidate("now", 1, { rtt: now }), { ...long, rtt: { estimate: 100, at: 0 } }])?.name,
    ).toBe("now");
  });

  test("an unknown one is tried once, and gets no more until it answered", () => {
    const known = candidate("known", 1, { connections: 50, rtt: { estimate: 500, at: 1000 } });
    expect(always(0, 0).pick([known, candidate("new")])?.name).toBe("new");
    expect(always(0, 0).pick([known, candidate("new", 1, { connections: 1 })])?.name).toBe("known");
  });

  test("the two are always different, and any two may be drawn", () => {
    const random = seededRandom(3);
    const seen = new Set<string>();
    for (let turn = 0; turn < 200; turn++) {
      const costs = ["a", "b", "c"].map((name, at) => candidate(name, 1, { rtt: { estimate: 10 ** at, at: 1000 } }));
      seen.add(new P2cEwma(clock, random).pick(costs)?.name ?? "none");
    }
    expect([...seen].toSorted()).toEqual(["a", "b"]);
  });

  test("one, or nobody", () => {
    expect(always(0, 0).pick([candidate("only")])?.name).toBe("only");
    expect(always(0, 0).pick([])).toBeUndefined();
  });
});

describe("round trips", () => {
  test("the peak jumps up at once and comes down slowly", () => {
    let rtt = peakAfter(undefined, 10, 0);
    rtt = peakAfter(rtt, 200, 1000);
    expect(rtt).toEqual({ estimate: 200, at: 1000 });
    rtt = peakAfter(rtt, 10, 2000);
    expect(rtt.estimate).toBeCloseTo(200 * Math.exp(-0.1) + 10 * (1 - Math.exp(-0.1)));
    expect(decayed(rtt, 12_000)).toBeCloseTo(rtt.estimate / Math.E);
    expect(decayed(rtt, 0)).toBe(rtt.estimate);
  });

  test("the average moves by an eighth", () => {
    expect(averageAfter(undefined, 80)).toBe(80);
    expect(averageAfter(80, 160)).toBe(90);
  });
});
