import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hashText } from "../../src/daemon/balance/hash.ts";
import { RoundRobin } from "../../src/daemon/balance/round-robin.ts";
import type { Candidate, Strategy } from "../../src/daemon/balance/strategy.ts";
import { WeightedRoundRobin } from "../../src/daemon/balance/weighted-round-robin.ts";
import { candidate, countBy, weighted } from "./candidates.ts";

function picks(strategy: Strategy, candidates: Candidate[], length: number): string[] {
  return Array.from({ length }, () => strategy.pick(candidates, 0)?.name ?? "none");
}

const identities = Array.from({ length: 1000 }, (_, index) => `laptop-${index}`);

describe("smooth weighted round robin", () => {
  test("weights 5, 1, 1 give the published sequence, again and again", () => {
    const strategy = new WeightedRoundRobin(undefined);
    expect(picks(strategy, weighted(5, 1, 1), 14).join(" ")).toBe("a a b a c a a a a b a c a a");
  });

  test.each([[[5, 1, 1]], [[1, 1, 1]], [[3, 2, 1]], [[100, 100]], [[256, 3, 1, 40]], [[7, 0.5, 2.5]]])(
    "weights %j: exact over 10,000 picks, wherever it starts",
    (weights) => {
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const length = Math.floor(10_000 / total) * total;
      for (const start of [undefined, hashText("laptop-ann"), hashText("edge-01")]) {
        const counts = countBy(picks(new WeightedRoundRobin(start), weighted(...weights), length), (name) => name);
        for (const { name, weight } of weighted(...weights)) expect(counts[name]).toBe((length * weight) / total);
      }
    },
  );

  test("is never more than the number of candidates away from the exact share", () => {
    const weights = fc.array(fc.integer({ min: 1, max: 256 }), { minLength: 1, maxLength: 6 });
    const property = fc.property(weights, fc.option(fc.nat(), { nil: undefined }), (list, start) => {
      const candidates = weighted(...list);
      const total = list.reduce((sum, weight) => sum + weight, 0);
      const strategy = new WeightedRoundRobin(start);
      const counts = new Map<string, number>();
      for (let turn = 1; turn <= 300; turn++) {
        const name = strategy.pick(candidates)?.name ?? "none";
        counts.set(name, (counts.get(name) ?? 0) + 1);
        for (const { name: each, weight } of candidates) {
          expect(Math.abs((counts.get(each) ?? 0) - (turn * weight) / total)).toBeLessThanOrEqual(list.length);
        }
      }
    });
    fc.assert(property, { numRuns: 50 });
  });

  test("debts shrink with the weights: nobody starves after a change", () => {
    const strategy = new WeightedRoundRobin(undefined);
    picks(strategy, weighted(256, 255), 1);
    expect(picks(strategy, weighted(1, 1), 4).toSorted()).toEqual(["a", "a", "b", "b"]);
  });

  test("nobody to pick", () => expect(new WeightedRoundRobin(7).pick([])).toBeUndefined());
});

describe("round robin", () => {
  test("each in turn, whatever the weights", () => {
    const strategy = new RoundRobin(undefined);
    expect(picks(strategy, weighted(5, 1, 1), 7).join(" ")).toBe("a b c a b c a");
  });

  test("the turn survives one that goes and comes back", () => {
    const strategy = new RoundRobin(undefined);
    const [a, b, c] = weighted(1, 1, 1) as [Candidate, Candidate, Candidate];
    expect(picks(strategy, [a, b, c], 2)).toEqual(["a", "b"]);
    expect(picks(strategy, [a, b], 1)).toEqual(["a"]);
    expect(picks(strategy, [a, b, c], 4)).toEqual(["c", "b", "a", "c"]);
  });

  test("nobody to pick, then the first is still chosen by weight", () => {
    const strategy = new RoundRobin(7);
    expect(strategy.pick([])).toBeUndefined();
    expect(strategy.pick([candidate("a", 1e-9), candidate("b", 1)])?.name).toBe("b");
  });
});

describe.each([
  ["weighted_round_robin", (start: number): Strategy => new WeightedRoundRobin(start)],
  ["round_robin", (start: number): Strategy => new RoundRobin(start)],
])("session mode with %s", (name, make) => {
  test.each([[[1, 1, 1]], [[2, 1, 1]], [[5, 3, 2]]])("1,000 identities start by weight %j", (weights) => {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const first = identities.map((identity) => make(hashText(identity)).pick(weighted(...weights), 0)?.name);
    const counts = countBy(first, (server) => server);
    // Three standard deviations of 1,000 draws are 47.
    for (const { name: server, weight } of weighted(...weights)) {
      expect(Math.abs((counts[server] ?? 0) - (1000 * weight) / total)).toBeLessThan(47);
    }
  });

  test("those of a dead server spread over equal others", () => {
    const servers = weighted(2, 1, 1);
    const second = identities.flatMap((identity) => {
      const strategy = make(hashText(identity));
      return strategy.pick(servers, 0)?.name === "a" ? [strategy.pick(servers.slice(1), 0)?.name] : [];
    });
    const { b = 0, c = 0 } = countBy(second, (server) => server);
    expect(Math.abs(b - c) / second.length).toBeLessThan(0.15);
  });

  test("goes on to every other one when servers keep failing", () => {
    const servers = weighted(1, 1, 1);
    const strategy = make(hashText("edge-01"));
    let failed: string | undefined;
    const tried = Array.from({ length: 6 }, () => {
      failed = strategy.pick(
        servers.filter((server) => server.name !== failed),
        0,
      )?.name;
      return failed;
    });
    expect(new Set(tried.slice(0, 3)).size, name).toBe(3);
    expect(new Set(tried.slice(3)).size).toBe(3);
  });
});
