import { expect, it } from "vitest";
import { Rates } from "../../src/daemon/monitor/rates.ts";

it("gives bits a second between the last two samples of a key", () => {
  const rates = new Rates<string>();
  expect(rates.get("a")).toEqual({ rx_bps: 0, tx_bps: 0 });
  expect(rates.sample("a", 1000, 500, 0)).toEqual({ rx_bps: 0, tx_bps: 0 });
  rates.sample("b", 1000, 0, 0);
  expect(rates.sample("a", 3000, 1500, 125)).toEqual({ rx_bps: 4000, tx_bps: 500 });
  expect(rates.get("a")).toEqual({ rx_bps: 4000, tx_bps: 500 });
  expect(rates.get("b")).toEqual({ rx_bps: 0, tx_bps: 0 });
});

it("is never negative, also when a counter began anew or no time passed", () => {
  const rates = new Rates<string>();
  rates.sample("a", 0, 1000, 1000);
  expect(rates.sample("a", 1000, 10, 1000)).toEqual({ rx_bps: 0, tx_bps: 0 });
  expect(rates.sample("a", 1000, 5000, 5000)).toEqual({ rx_bps: 0, tx_bps: 0 });
});

it("forgets", () => {
  const rates = new Rates<number>();
  rates.sample(1, 0, 0, 0);
  rates.sample(1, 1000, 1000, 1000);
  rates.forget(1);
  expect(rates.get(1)).toEqual({ rx_bps: 0, tx_bps: 0 });
  expect(rates.sample(1, 2000, 9000, 9000)).toEqual({ rx_bps: 0, tx_bps: 0 });
});
