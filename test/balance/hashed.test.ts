import { describe, expect, test } from "vitest";
import { hashText, mix, unit } from "../../src/daemon/balance/hash.ts";
import { rendezvous } from "../../src/daemon/balance/rendezvous.ts";
import { countBy, weighted } from "./candidates.ts";

const flows = Array.from({ length: 10_000 }, (_, index) => hashText(`10.8.0.${index % 250}:${index} → 10.20.0.5:443`));

describe("rendezvous", () => {
  test.each([[[1, 1]], [[1, 1, 1]], [[5, 1, 1]], [[100, 50, 25, 25]], [[256, 1]], [[0.3, 0.1]]])(
    "weights %j: 10,000 flows within 2 percentage points",
    (weights) => {
      const candidates = weighted(...weights);
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const counts = countBy(flows, (flow) => rendezvous.pick(candidates, flow)?.name);
      for (const { name, weight } of candidates) {
        expect(Math.abs((counts[name] ?? 0) / flows.length - weight / total)).toBeLessThan(0.02);
      }
    },
  );

  test("only a dead backend's flows move, to all others by weight", () => {
    const before = weighted(3, 2, 1, 2);
    const after = before.filter(({ name }) => name !== "a");
    const moved: (string | undefined)[] = [];
    for (const flow of flows) {
      const from = rendezvous.pick(before, flow)?.name;
      const to = rendezvous.pick(after, flow)?.name;
      if (from === "a") moved.push(to);
      else expect(to).toBe(from);
    }
    const counts = countBy(moved, (name) => name);
    for (const { name, weight } of after) {
      expect(Math.abs((counts[name] ?? 0) / moved.length - weight / 5)).toBeLessThan(0.03);
    }
  });

  test("the order of backends does not matter", () => {
    const candidates = weighted(3, 2, 1);
    for (const flow of flows.slice(0, 500)) {
      expect(rendezvous.pick(candidates.toReversed(), flow)).toBe(rendezvous.pick(candidates, flow));
    }
  });

  test("a heavier backend only gains flows", () => {
    for (const flow of flows.slice(0, 2000)) {
      const was = rendezvous.pick(weighted(1, 1, 1), flow)?.name;
      const is = rendezvous.pick(weighted(2, 1, 1), flow)?.name;
      expect([was, "a"]).toContain(is);
    }
  });

  test("nobody to pick", () => expect(rendezvous.pick([], 1)).toBeUndefined());
});

test("hashes of neighbouring values are unsigned, and even over the unit interval", () => {
  const halves = countBy(Array(10_000).keys(), (index) => (unit(mix(index, 1)) < 0.5 ? "low" : "high"));
  expect(Math.abs((halves["low"] ?? 0) - 5000)).toBeLessThan(200);
  expect(mix(0xffffffff, 0xffffffff)).toBeGreaterThanOrEqual(0);
  expect(unit(0)).toBeGreaterThan(0);
  expect(unit(0xffffffff)).toBeLessThan(1);
});
