import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as units from "../../src/shared/units.ts";

const amount = fc.nat({ max: 4_000_000_000 });
const positive = amount.filter((value) => value > 0);

describe("sizes", () => {
  test.each([
    ["32KB", 32_768],
    ["32KiB", 32_768],
    ["32K", 32_768],
    ["32kb", 32_768],
    ["4MB", 4_194_304],
    ["1.5MB", 1_572_864],
    ["1 GB", 1_073_741_824],
    ["512B", 512],
  ])("%s is %i bytes", (text, bytes) => expect(units.parseSize(text)).toBe(bytes));

  test.each(["32", "", "KB", "-1KB", "32kbit", "32KB/s", "1e3KB", "0x10KB", "3KBB"])("%j is no size", (text) => {
    expect(units.parseSize(text)).toBeUndefined();
  });

  test("reads what it writes", () => {
    fc.assert(fc.property(amount, (bytes) => units.parseSize(units.formatSize(bytes)) === bytes));
    expect(units.formatSize(32_768)).toBe("32KB");
    expect(units.formatSize(1500)).toBe("1500B");
  });
});

describe("durations", () => {
  test.each([
    ["250ms", 250],
    ["300s", 300_000],
    ["1m", 60_000],
    ["24h", 86_400_000],
    ["365d", 31_536_000_000],
    ["0.5s", 500],
  ])("%s is %i ms", (text, milliseconds) => expect(units.parseDuration(text)).toBe(milliseconds));

  test.each(["30", "s", "1h30m", "-5s", "5 weeks", "99999999999999999d"])("%j is no duration", (text) => {
    expect(units.parseDuration(text)).toBeUndefined();
  });

  test("reads what it writes", () => {
    fc.assert(fc.property(amount, (ms) => units.parseDuration(units.formatDuration(ms)) === ms));
    expect(units.formatDuration(90_000)).toBe("90s");
    expect(units.formatDuration(0)).toBe("0s");
  });
});

describe("rates", () => {
  test.each([
    ["100mbit", { kind: "bytes", per_second: 12_500_000 }],
    ["1gbit", { kind: "bytes", per_second: 125_000_000 }],
    ["12MB/s", { kind: "bytes", per_second: 12_000_000 }],
    ["10000", { kind: "packets", per_second: 10_000 }],
    ["unlimited", { kind: "unlimited" }],
  ])("%s", (text, rate) => expect(units.parseRate(text)).toEqual(rate));

  test.each(["10zbit", "12MB", "12 packets", "1.5", "-3", "fast"])("%j is no rate", (text) => {
    expect(units.parseRate(text)).toBeUndefined();
  });

  test("reads what it writes", () => {
    const rate: fc.Arbitrary<units.Rate> = fc.oneof(
      fc.record({ kind: fc.constantFrom("bytes", "packets"), per_second: positive }, { noNullPrototype: true }),
      fc.constant({ kind: "unlimited" as const }),
    );
    fc.assert(fc.property(rate, (value) => isDeepStrictEqual(units.parseRate(units.formatRate(value)), value)));
    expect(units.formatRate({ kind: "bytes", per_second: 12_500_000 })).toBe("100mbit");
    expect(units.formatRate({ kind: "bytes", per_second: 7 })).toBe("7B/s");
  });
});

test("bursts are sizes or packets, and are read as they are written", () => {
  expect(units.parseBurst("4MB")).toEqual({ kind: "bytes", amount: 4_194_304 });
  expect(units.parseBurst("1000")).toEqual({ kind: "packets", amount: 1000 });
  expect(units.parseBurst("4mbit")).toBeUndefined();
  const burst = fc.record({ kind: fc.constantFrom("bytes", "packets"), amount: positive }, { noNullPrototype: true });
  fc.assert(fc.property(burst, (value) => isDeepStrictEqual(units.parseBurst(units.formatBurst(value)), value)));
});

test("no text makes a parser throw or give a number that is not whole", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      for (const parse of [units.parseSize, units.parseDuration]) {
        const value = parse(text);
        expect(value === undefined || (Number.isSafeInteger(value) && value >= 0)).toBe(true);
      }
      units.parseRate(text);
      units.parseBurst(text);
    }),
  );
});
