import { beforeEach, expect, it } from "vitest";
import { HeapTrim } from "../../src/daemon/monitor/heap-trim.ts";

let trims: number;
let heap: HeapTrim;
beforeEach(() => {
  trims = 0;
  heap = new HeapTrim(() => {
    trims += 1;
  });
  // The start is over.
  heap.tick(-20_000);
  heap.tick(-19_000);
  trims = 0;
});

it("trims once after the start", () => {
  heap = new HeapTrim(() => {
    trims += 1;
  });
  for (let second = 0; second < 100; second++) after(0, second * 1000);
  expect(trims).toBe(1);
});

function after(changes: number, now: number): number {
  for (let change = 0; change < changes; change++) heap.changed();
  heap.tick(now);
  return trims;
}

it("trims after many changes, once they have settled, and not too often", () => {
  expect(after(10, 0)).toBe(0);
  expect(after(53, 1000)).toBe(0);
  expect(after(1, 2000)).toBe(1);
  expect(after(1000, 3000)).toBe(1);
  expect(after(0, 6999)).toBe(1);
  expect(after(0, 7000)).toBe(2);
  expect(after(15, 60_000)).toBe(2);
});

it("does not trim when many come at once, but when that is over", () => {
  expect(after(0, 0)).toBe(0);
  expect(after(64, 3_600_000)).toBe(0);
  expect(after(15, 3_601_000)).toBe(1);
});

it("trims every 20 s while changes don't stop", () => {
  for (let second = 0; second < 20; second += 1) expect(after(100, second * 1000)).toBe(0);
  expect(after(100, 20_000)).toBe(1);
});
