import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Pacer } from "./pacer.ts";

/** Sends as much as may go for `millis`, waking late by up to `late` ms, and counts the bytes. */
function sent(rate: number, millis: number, late: number): number {
  const pacer = new Pacer();
  let bytes = 0;
  for (let now = 1000; now < 1000 + millis; now += pacer.wait(now) + (bytes % (late + 1))) {
    if (pacer.wait(now) > 0) continue;
    const slice = pacer.slice(rate);
    pacer.spend(slice, rate, now);
    bytes += slice;
  }
  return bytes;
}

test("the rate is kept, also by timers that are late", () => {
  const rates = fc.integer({ min: 1000, max: 10_000_000 });
  fc.assert(
    fc.property(rates, fc.integer({ min: 0, max: 3 }), (rate, late) => {
      const slack = 2 * new Pacer().slice(rate) + (rate * (late + 1)) / 1000;
      expect(Math.abs(sent(rate, 2000, late) - 2 * rate)).toBeLessThanOrEqual(slack);
    }),
  );
});

test("an idle time saves nothing up, and no rate is no limit", () => {
  const pacer = new Pacer();
  pacer.spend(100, 1000, 0);
  expect([pacer.wait(0), pacer.wait(60), pacer.wait(5000)]).toEqual([100, 40, 0]);
  pacer.spend(100, 1000, 5000);
  expect(pacer.wait(5000)).toBe(100);
  expect(pacer.slice(null)).toBe(Infinity);
  pacer.spend(1e9, null, 6000);
  expect(pacer.wait(6000)).toBe(0);
});
