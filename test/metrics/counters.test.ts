import { describe, expect, it } from "vitest";
import { counterIndex, createCounters, dropReasons, readDrops, readTotals } from "../../src/daemon/metrics/counters.ts";
import { createLinkSlots, linkField, LinkSlots } from "../../src/daemon/metrics/link-slots.ts";

describe("counters", () => {
  it("have a place each", () => {
    const places = Object.values(counterIndex);
    expect(new Set(places).size).toBe(places.length);
    expect(Math.max(...places)).toBeLessThan(createCounters().length);
    expect(Object.keys(counterIndex)).toEqual(expect.arrayContaining(Object.keys(dropReasons)));
  });

  it("are read as totals, and as drops that happened", () => {
    const counters = createCounters();
    expect(Object.values(readTotals([counters])).every((value) => value === 0)).toBe(true);
    expect(readDrops([counters])).toEqual({});
    counters[counterIndex.tx_bytes]! += 2 ** 40;
    counters[counterIndex.spoofed_source]! += 3;
    expect(readTotals([counters])).toMatchObject({ tx_bytes: 2 ** 40, rx_bytes: 0 });
    expect(readDrops([counters])).toEqual({ spoofed_source: 3 });
  });

  it("lie in memory that another thread sees", () => {
    expect(createCounters().buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(createLinkSlots(1).buffer).toBeInstanceOf(SharedArrayBuffer);
  });
});

describe("link slots", () => {
  it("are all different, and end", () => {
    const slots = new LinkSlots(createLinkSlots(3));
    const taken = [slots.take(), slots.take(), slots.take()];
    expect(new Set(taken).size).toBe(3);
    expect(taken).not.toContain(undefined);
    expect(slots.take()).toBeUndefined();
  });

  it("begin anew when they are used again", () => {
    const slots = new LinkSlots(createLinkSlots(1));
    const first = slots.take() ?? -1;
    expect(slots.values[first + linkField.rtt_ms]).toBeNaN();
    slots.values.fill(7, first);
    slots.giveBack(first);
    expect(slots.take()).toBe(first);
    expect(slots.values[first + linkField.rtt_ms]).toBeNaN();
    expect(slots.values[first + linkField.rx_bytes]).toBe(0);
    expect(slots.values[first + linkField.queued_bytes]).toBe(0);
    expect(slots.take()).toBeUndefined();
  });

  it("never overlap", () => {
    const slots = new LinkSlots(createLinkSlots(8));
    const taken = Array.from({ length: 8 }, () => slots.take() ?? -1);
    for (const [index, base] of taken.entries()) {
      for (const field of Object.values(linkField)) slots.values[base + field] = index;
    }
    for (const [index, base] of taken.entries()) {
      expect(Object.values(linkField).map((field) => slots.values[base + field])).toEqual(
        Object.values(linkField).map(() => index),
      );
    }
  });
});
