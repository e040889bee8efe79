import { describe, expect, test } from "vitest";
import { hashText, mix } from "../../src/daemon/balance/hash.ts";
import { leastConnections } from "../../src/daemon/balance/least-connections.ts";
import { RoundRobin } from "../../src/daemon/balance/round-robin.ts";
import type { Strategy } from "../../src/daemon/balance/strategy.ts";
import { candidate, countBy, seededRandom } from "./candidates.ts";

const names = ["a", "b", "c"];

/** Opens 3,000 connections of very unequal length, one each tick; gives the mean spread of open connections. */
function meanSpread(strategy: Strategy, weights: number[], seed: number): number {
  const random = seededRandom(seed);
  const ends: number[][] = names.map(() => []);
  let spread = 0;
  for (let tick = 0; tick < 3000; tick++) {
    for (const list of ends) list.splice(0, list.length, ...list.filter((end) => end > tick));
    const candidates = names.map((name, at) =>
      candidate(name, weights[at] ?? 1, { connections: ends[at]?.length ?? 0 }),
    );
    const chosen = strategy.pick(candidates, mix(tick, seed));
    // Every third connection is long, so that a rotation of three puts all long ones on one backend.
    ends[names.indexOf(chosen?.name ?? "")]?.push(tick + (tick % 3 === 0 ? 200 : 5) * (0.5 + random()));
    const loads = ends.map((list, at) => list.length / (weights[at] ?? 1));
    spread += Math.max(...loads) - Math.min(...loads);
  }
  return spread / 3000;
}

describe("least_connections", () => {
  test.each([1, 2, 3])("evens out unequal lengths where a rotation does not (seed %i)", (seed) => {
    expect(meanSpread(new RoundRobin(undefined), [1, 1, 1], seed)).toBeGreaterThan(30);
    expect(meanSpread(leastConnections, [1, 1, 1], seed)).toBeLessThan(2);
  });

  test("by weight", () => expect(meanSpread(leastConnections, [3, 2, 1], 5)).toBeLessThan(2));

  test("equals share by weight, as the flow's hash decides", () => {
    const candidates = [candidate("a", 2), candidate("b", 1), candidate("c", 1)];
    const counts = countBy(Array(10_000).keys(), (index) => leastConnections.pick(candidates, mix(index, 3))?.name);
    expect(Math.abs((counts["a"] ?? 0) / 10_000 - 0.5)).toBeLessThan(0.02);
    expect(Math.abs((counts["b"] ?? 0) / 10_000 - 0.25)).toBeLessThan(0.02);
  });

  test("nobody to pick", () => expect(leastConnections.pick([], 1)).toBeUndefined());
});

describe("least_connections by the servers' session counts", () => {
  test("they count instead of this daemon's own connections", () => {
    const candidates = [
      candidate("a", 1, { sessions: 300, connections: 0 }),
      candidate("b", 1, { sessions: 20, connections: 4 }),
    ];
    expect(leastConnections.pick(candidates, 1)?.name).toBe("b");
  });

  test("for their weights", () => {
    const candidates = [candidate("a", 4, { sessions: 300 }), candidate("b", 1, { sessions: 100 })];
    expect(leastConnections.pick(candidates, 1)?.name).toBe("a");
  });

  test("a silent server counts as the mean of the others", () => {
    const full = candidate("full", 1, { sessions: 500 });
    const empty = candidate("empty", 1, { sessions: 10 });
    expect(leastConnections.pick([candidate("new"), empty, full], 1)?.name).toBe("empty");
  });

  test("a fleet that fails over does not all go to the one with a session less", () => {
    const candidates = [candidate("a", 1, { sessions: 301 }), candidate("b", 1, { sessions: 300 })];
    const fleet = Array.from({ length: 1000 }, (_, index) => hashText(`laptop-${index}`));
    const counts = countBy(fleet, (identity) => leastConnections.pick(candidates, identity)?.name);
    expect(Math.abs((counts["a"] ?? 0) - 500)).toBeLessThan(50);
  });
});
