import { expect, it } from "vitest";
import { HeapTrim } from "../../src/daemon/monitor/heap-trim.ts";

it("trims after many changes, and not too often", () => {
  let trims = 0;
  const heap = new HeapTrim(() => {
    trims += 1;
  });
  const after = (changes: number, now: number): number => {
    for (let change = 0; change < changes; change++) heap.changed();
    heap.tick(now);
    return trims;
  };
  expect(after(63, 0)).toBe(0);
  expect(after(1, 1000)).toBe(1);
  expect(after(1000, 2000)).toBe(1);
  expect(after(0, 5999)).toBe(1);
  expect(after(0, 6000)).toBe(2);
  expect(after(63, 60_000)).toBe(2);
});
