import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FlowTable } from "../../src/daemon/session/flow-table.ts";

describe("FlowTable", () => {
  it("keeps a flow on its link as long as it speaks within the idle time", () => {
    const table = new FlowTable(16, 1000);
    table.pin(7, 3, 0);
    expect([999, 1998, 2998.5, 2999].map((now) => table.linkOf(7, now))).toEqual([3, 3, 0, 0]);
  });

  it("forgets the flow that was silent longest when it is full", () => {
    const table = new FlowTable(4, 1000);
    for (const flow of [1, 2, 3, 4]) table.pin(flow, flow, flow);
    expect(table.linkOf(1, 5)).toBe(1);
    table.pin(5, 5, 6);
    expect([1, 2, 3, 4, 5].map((flow) => table.linkOf(flow, 7))).toEqual([1, 0, 3, 4, 5]);
    expect(table.size).toBe(4);
  });

  it("measures silence over the wrap of its 32-bit milliseconds", () => {
    const table = new FlowTable(4, 1000);
    const wrap = 2 ** 32;
    table.pin(1, 9, wrap - 10);
    expect(table.linkOf(1, wrap + 500)).toBe(9);
    expect(table.linkOf(1, wrap + 1499)).toBe(9);
    expect(table.linkOf(1, wrap + 2499)).toBe(0);
  });

  it("counts the live flows of a group, looking at them all a few times a second only", () => {
    const table = new FlowTable(16, 1000);
    for (const flow of [1, 2, 3, 4]) table.pin(flow, 9, 0, flow % 3);
    expect([0, 1, 2].map((group) => table.liveOf(group, 0))).toEqual([1, 2, 1]);
    // Those that are pinned count at once, those that fell silent a little later.
    table.pin(5, 9, 950, 1);
    expect([table.liveOf(1, 950), table.liveOf(1, 1040), table.liveOf(1, 1050)]).toEqual([3, 3, 1]);
    expect([0, 2].map((group) => table.liveOf(group, 1050))).toEqual([0, 0]);
  });

  it("agrees with a map in the order of use", () => {
    const step = fc.record({
      flow: fc.oneof(fc.nat(40), fc.integer({ min: 0, max: 0xffff_ffff })),
      link: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
      after: fc.constantFrom(0, 0, 1, 100, 400, 1000),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const capacity = 16;
        const table = new FlowTable(capacity, 1000);
        const model = new Map<number, { link: number; at: number }>();
        let now = 0;
        for (const { flow, link, after } of steps) {
          now += after;
          const known = model.get(flow);
          if (link === undefined) {
            const live = known !== undefined && now - known.at < 1000 ? known : undefined;
            expect(table.linkOf(flow, now)).toBe(live?.link ?? 0);
            if (live === undefined) continue;
            model.delete(flow);
            model.set(flow, { link: live.link, at: now });
          } else {
            table.pin(flow, link, now);
            const oldest = model.keys().next();
            if (known === undefined && model.size === capacity && oldest.done !== true) model.delete(oldest.value);
            model.delete(flow);
            model.set(flow, { link, at: now });
          }
          expect(table.size).toBe(model.size);
        }
      }),
    );
  });
});
