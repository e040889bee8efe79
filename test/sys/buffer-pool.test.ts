import * as fc from "fast-check";
import { expect, test } from "vitest";
import { BufferPool } from "../../src/daemon/sys/buffer-pool.ts";

function pooled(kept: number, mostFree = 100): { pool: BufferPool<number>; made: number[]; gone: number[] } {
  const made: number[] = [];
  const gone: number[] = [];
  const make = (): number => made.push(made.length);
  return { pool: new BufferPool({ kept, mostFree, make, giveUp: (one) => gone.push(one) }), made, gone };
}

test("what is kept is made at once and never given up", () => {
  const { pool, made, gone } = pooled(2);
  expect(made).toHaveLength(2);
  pool.sweep();
  pool.sweep();
  expect(gone).toEqual([]);
  expect(pool).toMatchObject({ held: 2, used: 0 });
});

test("a sweep gives up what nobody needed since the one before", () => {
  const { pool, gone } = pooled(0);
  const taken = [pool.take(), pool.take(), pool.take()];
  for (const one of taken) pool.giveBack(one);
  pool.sweep();
  // All were needed.
  expect(gone).toEqual([]);
  pool.giveBack(pool.take());
  pool.sweep();
  expect(gone).toEqual(taken.slice(0, 2));
  pool.sweep();
  expect(gone).toEqual(taken);
  expect(pool).toMatchObject({ held: 0, used: 0 });
});

test("free ones beyond the bound are given up at once, and lost ones are not counted", () => {
  const { pool, gone } = pooled(0, 1);
  const [a, b] = [pool.take(), pool.take()];
  pool.take();
  pool.lost();
  pool.giveBack(a);
  pool.giveBack(b);
  expect(gone).toEqual([b]);
  expect(pool).toMatchObject({ held: 1, used: 0 });
});

test("never gives up what is in use, nor lends one twice", () => {
  const acts = fc.array(fc.constantFrom("take", "back", "sweep"), { maxLength: 200 });
  fc.assert(
    fc.property(fc.nat(4), fc.integer({ min: 4, max: 8 }), acts, (kept, mostFree, script) => {
      const { pool, gone } = pooled(kept, mostFree);
      const used = new Set<number>();
      for (const act of script) {
        if (act === "sweep") pool.sweep();
        if (act === "take") {
          const one = pool.take();
          expect(used.has(one) || gone.includes(one)).toBe(false);
          used.add(one);
        }
        if (act === "back") {
          const [one] = used;
          if (one === undefined) continue;
          used.delete(one);
          pool.giveBack(one);
        }
        expect(pool.used).toBe(used.size);
        expect(pool.held).toBeGreaterThanOrEqual(kept);
        expect(gone.some((one) => used.has(one))).toBe(false);
      }
    }),
  );
});
