import { describe, expect, it } from "vitest";
import { Spread, type SpreadServer } from "../../src/daemon/engine/spread.ts";

function server(group: number, weight: number): SpreadServer {
  return { group, name: `eu-${group}`, weight, rtt: undefined };
}

function counts(spread: Spread, groups: ReadonlySet<number>, flows: number): Record<string, number> {
  const live = new Map<number, number>();
  for (let flow = 0; flow < flows; flow++) {
    const group = spread.choose((flow * 2_654_435_761) >>> 0, groups, (one) => live.get(one) ?? 0) ?? 0;
    live.set(group, (live.get(group) ?? 0) + 1);
  }
  return Object.fromEntries(live);
}

describe("Spread", () => {
  it("gives new flows to servers by the strategy and their weights", () => {
    const groups = new Set([1, 2]);
    for (const strategy of ["weighted_round_robin", "least_connections"] as const) {
      const spread = new Spread(strategy);
      spread.use([server(1, 300), server(2, 100)]);
      expect(counts(spread, groups, 400)).toEqual({ 1: 300, 2: 100 });
    }
    const spread = new Spread("rendezvous");
    spread.use([server(1, 300), server(2, 100)]);
    expect(Math.abs((counts(spread, groups, 10_000)["1"] ?? 0) - 7500)).toBeLessThan(200);
  });

  it("leaves out servers without a link and those that may take none", () => {
    const spread = new Spread("round_robin");
    spread.use([server(1, 100), server(2, 100)]);
    expect(counts(spread, new Set([2, 3]), 10)).toEqual({ 2: 10 });
    expect(spread.choose(1, new Set([3]), () => 0)).toBeUndefined();
  });
});
