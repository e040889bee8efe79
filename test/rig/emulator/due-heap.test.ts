import * as fc from "fast-check";
import { expect, test } from "vitest";
import { DueHeap } from "./due-heap.ts";

test("items leave by due time, then in the order in which they came, and never early", () => {
  const step = fc.oneof(fc.record({ push: fc.nat(20) }), fc.record({ takeUntil: fc.nat(20) }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const heap = new DueHeap<number>();
      let model: { due: number; item: number }[] = [];
      for (const [item, step] of steps.entries()) {
        if ("push" in step) {
          heap.push(step.push, item);
          model = [...model, { due: step.push, item }].toSorted((a, b) => a.due - b.due);
          continue;
        }
        const first = model[0];
        const expected = first !== undefined && first.due <= step.takeUntil ? model.shift() : undefined;
        expect(heap.pop(step.takeUntil)).toEqual(
          expected === undefined ? undefined : expect.objectContaining(expected),
        );
        expect([heap.size, heap.due]).toEqual([model.length, model[0]?.due]);
      }
    }),
  );
});
