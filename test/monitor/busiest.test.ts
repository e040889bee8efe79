import * as fc from "fast-check";
import { expect, it } from "vitest";
import { busiest } from "../../src/daemon/monitor/busiest.ts";

it("takes those with the most traffic, as many as asked for, in their order", () => {
  const rows = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 40 });
  fc.assert(
    fc.property(rows, fc.integer({ min: 1, max: 45 }), (traffic, most) => {
      const all = traffic.map((value, at) => ({ value, at }));
      const shown = busiest(all, most, ({ value }) => value);
      const wanted = traffic.toSorted((a, b) => b - a).slice(0, most);
      expect(shown.map(({ value }) => value).toSorted((a, b) => b - a)).toEqual(wanted);
      expect(shown).toEqual(shown.toSorted((a, b) => a.at - b.at));
    }),
  );
});
