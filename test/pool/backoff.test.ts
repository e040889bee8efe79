import * as fc from "fast-check";
import { expect, it } from "vitest";
import { backoff } from "../../src/daemon/pool/backoff.ts";

it("waits anything between nothing and a ceiling that doubles from 250 ms to 30 s", () => {
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.nat(), random, (attempt, chance) => {
      const ceiling = Math.min(30_000, 250 * 2 ** attempt);
      expect(backoff(attempt, chance)).toBeGreaterThanOrEqual(0);
      expect(backoff(attempt, chance)).toBeLessThan(ceiling);
      expect(backoff(attempt, chance)).toBeCloseTo(ceiling * chance, 6);
    }),
  );
  expect([0, 1, 6, 7, 8].map((attempt) => backoff(attempt, 0.5))).toEqual([125, 250, 8000, 15_000, 15_000]);
});
