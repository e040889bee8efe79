import { expect, it } from "vitest";
import { IdentityTotals } from "../../src/daemon/metrics/identity-totals.ts";

it("adds up over links that come and go", () => {
  const totals = new IdentityTotals(10);
  totals.recount();
  totals.count("ann", 100, 10);
  totals.recount();
  totals.count("ann", 50, 10);
  totals.count("ann", 5, 5);
  totals.recount();
  totals.count("ann", 1, 1);
  expect(totals.figures()).toEqual([{ identity: "ann", connections: 1, rx: 156, tx: 26 }]);
  totals.recount();
  expect(totals.figures()).toEqual([{ identity: "ann", connections: 0, rx: 156, tx: 26 }]);
});

it("has no more series than it may, whoever comes", () => {
  const totals = new IdentityTotals(2);
  totals.recount();
  for (let at = 0; at < 1000; at += 1) totals.count(`client-${at}`, 1, 2);
  expect(totals.figures()).toEqual([
    { identity: "client-0", connections: 1, rx: 1, tx: 2 },
    { identity: "client-1", connections: 1, rx: 1, tx: 2 },
    { identity: "other", connections: 998, rx: 998, tx: 1996 },
  ]);
});
