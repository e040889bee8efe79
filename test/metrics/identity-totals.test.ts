import { expect, it } from "vitest";
import { IdentityTotals, type LinkBytes } from "../../src/daemon/metrics/identity-totals.ts";

const link = (link: number, identity: string, rx: number, tx: number): LinkBytes => ({
  link,
  identity,
  rx,
  tx,
});

it("adds up over links that come and go", () => {
  const totals = new IdentityTotals(10);
  totals.sample([link(1, "ann", 100, 10)]);
  totals.sample([link(1, "ann", 150, 20), link(2, "ann", 5, 5)]);
  totals.sample([link(2, "ann", 6, 6)]);
  expect(totals.figures()).toEqual([{ identity: "ann", connections: 1, rx: 156, tx: 26 }]);
  totals.sample([]);
  expect(totals.figures()).toEqual([{ identity: "ann", connections: 0, rx: 156, tx: 26 }]);
});

it("has no more series than it may, whoever comes", () => {
  const totals = new IdentityTotals(2);
  totals.sample(Array.from({ length: 1000 }, (_, at) => link(at, `client-${at}`, 1, 2)));
  expect(totals.figures()).toEqual([
    { identity: "client-0", connections: 1, rx: 1, tx: 2 },
    { identity: "client-1", connections: 1, rx: 1, tx: 2 },
    { identity: "other", connections: 998, rx: 998, tx: 1996 },
  ]);
});
