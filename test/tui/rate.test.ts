import { describe, expect, test } from "vitest";
import { emptyIn } from "../../src/tui/tables/buckets.ts";
import { aBucket, aSnapshot } from "../fakes/snapshot.ts";
import { Driver } from "./driver.ts";

const full = { rate: 12_500_000, burst: 4_000_000, unit: "bytes", tokens: 2_500_000, utilisation: 120 } as const;
const buckets = [
  aBucket("global/up", { ...full, waiting_ms: 0 }),
  aBucket("identity/ann/down", { ...full, waiting_ms: 3.2, pinned: true, expires_seconds: 540 }),
];

function editor(): Driver {
  return new Driver({ columns: 120, rows: 30 }).snapshot(aSnapshot({ buckets })).press("3", "down", "w");
}

describe("buckets", () => {
  test("what is asked of what is granted, waits, when it is empty, and who set it", () => {
    const { text } = new Driver({ columns: 160, rows: 30 }).snapshot(aSnapshot({ buckets })).press("3");
    expect(text).toMatch(/global\/up +100mbit +█+ +120% +0\.0 +1s +\d+ .* config/);
    expect(text).toMatch(/identity\/ann\/down +100mbit .* 3\.2 .* operator 9m00s/);
    expect(text).toContain("3 Buckets 2 ▲");
  });

  test("a bucket that is not asked for more than it has does not empty", () => {
    expect(emptyIn(aBucket("b", { ...full, utilisation: 100 }))).toBeNull();
    expect(emptyIn(aBucket("b", { rate: null, tokens: null, utilisation: null }))).toBeNull();
  });
});

describe("the editor of a rate", () => {
  test("10 % more or less, in numbers that can be read", () => {
    expect(editor().press("+").text).toContain("100mbit → 110mbit");
    expect(editor().press("+", "+").text).toContain("100mbit → 121mbit");
    expect(editor().press("-").text).toContain("100mbit → 90mbit");
  });

  test("what is typed takes the old rate's place; what is no rate is refused", () => {
    const driver = editor().press(..."50mbit".split(""));
    expect(driver.text).toContain("100mbit → 50mbit");
    expect(driver.text).toContain("$ sssonector ctl set-rate global/up 50mbit");
    expect(editor().press("x", "enter").text).toContain("a rate is 50mbit");
    expect(editor().press("x", "escape").effects).toEqual([]);
  });

  test("for ten minutes, reverting unless confirmed, after the daemon's dry run", () => {
    const driver = editor().press(..."50mbit".split(""), "right", "right", "enter");
    const rate = { kind: "bytes", per_second: 6_250_000 };
    const order = { action: "set_rate", targets: ["global/up"], args: { rate, for: 600_000, confirmWithin: 60_000 } };
    expect(driver.effects).toMatchObject([{ order, dryRun: true }]);
    expect(driver.text).toContain("set-rate global/up 50mbit --for 10m");
    driver.answer(true, "would set").press("tab", "enter");
    expect(driver.acts).toMatchObject([{ order }]);
  });
});
