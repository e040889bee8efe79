import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HandshakeBudget, type HandshakeEnd } from "../../src/daemon/link/handshake-budget.ts";

const active = { busy: 0, active: true };
const idle = { busy: 0, active: false };

/** Handshakes that begin within `millis`, each as soon as it may. */
function begun(budget: HandshakeBudget, from: number, millis: number): number {
  let count = 0;
  for (let now = from; now < from + millis; ) {
    const wait = budget.wait(now);
    if (wait === 0) {
      budget.take();
      budget.end("whole");
      count += 1;
      // None of them takes any time here; more than this many at once are not bounded.
      if (count > 100_000) return count;
    } else now += wait;
  }
  return count;
}

function pass(budget: HandshakeBudget, count: number, end: HandshakeEnd): void {
  for (let n = 0; n < count; n++) {
    budget.take();
    budget.end(end);
  }
}

/** A budget whose loop showed `cost` milliseconds a handshake while nothing else went on. */
function calibrated(cost: number): HandshakeBudget {
  const budget = new HandshakeBudget(0);
  for (let look = 0; look < 60; look++) {
    pass(budget, 50, "whole");
    budget.look({ busy: 50 * cost, active: false }, 0);
  }
  return budget;
}

describe("the time that handshakes get", () => {
  it("is all of it while no session is active", () => {
    const budget = new HandshakeBudget(0);
    expect(begun(budget, 0, 1)).toBeGreaterThan(1000);
    budget.look(active, 0);
    expect(begun(budget, 0, 1)).toBeLessThan(10);
    budget.look(idle, 1);
    expect(budget.wait(1)).toBe(0);
  });

  it.each([0.5, 1, 4])("is 45 % of it while sessions are active, at %d ms each", (cost) => {
    const budget = calibrated(cost);
    expect(budget.cost).toBeCloseTo(cost, 3);
    budget.look(active, 0);
    const count = begun(budget, 0, 10_000);
    expect((count * cost) / 10_000).toBeGreaterThan(0.43);
    expect((count * cost) / 10_000).toBeLessThan(0.46);
  });

  it("never lets more than three begin at once, however long nobody came", () => {
    const budget = new HandshakeBudget(0);
    budget.look(active, 0);
    expect(begun(budget, 60_000, 0.5)).toBe(3);
  });

  it("takes what packets cost for nothing that a handshake costs", () => {
    const budget = calibrated(1);
    pass(budget, 50, "whole");
    budget.look({ busy: 250, active: true }, 0);
    expect(budget.cost).toBeCloseTo(1, 3);
    for (let look = 0; look < 60; look++) {
      pass(budget, 50, "whole");
      budget.look({ busy: 25, active: true }, 0);
    }
    expect(budget.cost).toBeCloseTo(0.5, 3);
  });

  it("is not misled by those that say nothing or go away: a whole one costs what it did", () => {
    const budget = calibrated(1);
    for (let look = 0; look < 60; look++) {
      pass(budget, 100, "silent");
      pass(budget, 40, "broken");
      pass(budget, 20, "whole");
      budget.look({ busy: 60, active: true }, 0);
    }
    expect(budget.cost).toBeCloseTo(1, 3);
  });

  it("gives back what a handshake did not take", () => {
    const budget = calibrated(1);
    budget.look(active, 0);
    let count = 0;
    for (let now = 0; now < 10_000; ) {
      const wait = budget.wait(now);
      if (wait > 0) now += wait;
      else {
        pass(budget, 1, count % 2 === 0 ? "silent" : "broken");
        count += 1;
      }
    }
    expect((count * 0.35) / 10_000).toBeGreaterThan(0.43);
    expect((count * 0.35) / 10_000).toBeLessThan(0.46);
  });

  it("learns nothing from a few", () => {
    const budget = calibrated(1);
    pass(budget, 1, "whole");
    budget.look({ busy: 250, active: false }, 0);
    expect(budget.cost).toBeCloseTo(1, 3);
  });

  it("keeps to that whatever comes and goes", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(40), { maxLength: 200 }), (pauses) => {
        const budget = new HandshakeBudget(0);
        budget.look(active, 0);
        let now = 0;
        let count = 0;
        for (const pause of pauses) {
          now += pause;
          while (budget.wait(now) === 0) {
            pass(budget, 1, "whole");
            count += 1;
          }
        }
        expect(count * budget.cost).toBeLessThanOrEqual(now * 0.45 + 4 * budget.cost);
      }),
    );
  });
});
