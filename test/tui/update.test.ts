import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Snapshot } from "../../src/shared/control/snapshot.ts";
import { restBeforeSort } from "../../src/tui/model/update.ts";
import { aConnection, aSnapshot } from "../fakes/snapshot.ts";
import { Driver } from "./driver.ts";

/** Connections with these received rates, in this order. */
function traffic(rates: Readonly<Record<string, number>>): Snapshot {
  const connections = Object.entries(rates).map(([id, tx_bps]) => aConnection(id, { tx_bps, rx_bps: 0 }));
  return aSnapshot({ connections });
}

function rowsOf(driver: Driver): string[] {
  return driver.lines.flatMap((line) => /^[ ▌] ([a-z]\w*) /.exec(line)?.[1] ?? []);
}

function cursorLine(driver: Driver): number {
  return driver.lines.findIndex((line) => line.startsWith("▌"));
}

const many = (count: number, rate = (at: number): number => count - at): Snapshot =>
  traffic(Object.fromEntries(Array.from({ length: count }, (_, at) => [`c${at}`, rate(at) * 1000])));

describe("rows and the cursor", () => {
  test("without a selection the busiest rows are on top", () => {
    expect(rowsOf(new Driver().snapshot(traffic({ a: 1e3, b: 3e3, c: 2e3 })))).toEqual(["b", "c", "a"]);
  });

  test("rows keep their order while keys are pressed, and are sorted once that is over", () => {
    const driver = new Driver().snapshot(traffic({ a: 3e3, b: 2e3 })).press("down");
    expect(rowsOf(driver.snapshot(traffic({ a: 1e3, b: 2e3 })))).toEqual(["a", "b"]);
    expect(rowsOf(driver.wait(restBeforeSort).snapshot(traffic({ a: 1e3, b: 2e3 })))).toEqual(["b", "a"]);
  });

  test("a re-sort leaves the selected row on its line of the screen", () => {
    const driver = new Driver({ rows: 24 }).snapshot(many(200)).press("down", ..."j".repeat(60).split(""));
    const before = cursorLine(driver);
    const chosen = driver.state.lists.connections.selected;
    driver.wait(restBeforeSort).snapshot(many(200, (at) => (at * 7919) % 200));
    expect(driver.state.lists.connections.selected).toBe(chosen);
    expect(cursorLine(driver)).toBe(before);
  });

  test("no re-sort while a dialog is open", () => {
    const driver = new Driver()
      .snapshot(traffic({ a: 3e3, b: 2e3 }))
      .press("down", "x")
      .wait(60_000);
    expect(driver.snapshot(traffic({ a: 1e3, b: 2e3 })).state.lists.connections.order).toEqual(["a", "b"]);
  });

  test("a selected connection that goes stays in place as gone, and nothing can be done to it", () => {
    const driver = new Driver().snapshot(traffic({ a: 3e3, b: 2e3, c: 1e3 })).press("down", "down");
    driver.snapshot(traffic({ a: 3e3, c: 1e3 }));
    expect(rowsOf(driver)).toEqual(["a", "b", "c"]);
    expect(driver.lines[cursorLine(driver)]).toMatch(/b .*gone/);
    expect(driver.press("x").text).toContain("this connection is gone");
    expect(driver.effects).toEqual([]);
    expect(rowsOf(driver.press("down"))).toEqual(["a", "c"]);
    expect(driver.state.lists.connections.selected).toBe("c");
  });

  test("a selection whose connection comes back is no ghost any more", () => {
    const driver = new Driver().snapshot(traffic({ a: 3e3, b: 2e3 })).press("down");
    driver.snapshot(traffic({ b: 2e3 })).snapshot(traffic({ a: 3e3, b: 2e3 }));
    expect(driver.text).not.toContain("gone");
  });

  test("the selection is always on the screen, whatever happens", () => {
    const acts = fc.array(
      fc.oneof(
        fc.constantFrom("down", "up", "pagedown", "pageup", "home", "end", "s", "S", "r"),
        fc.nat({ max: 400 }),
        fc.tuple(fc.integer({ min: 60, max: 160 }), fc.integer({ min: 12, max: 50 })),
      ),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(acts, (list) => {
        const driver = new Driver().snapshot(many(100)).press("down");
        for (const act of list) {
          if (typeof act === "string") driver.press(act);
          else if (typeof act === "number") driver.wait(act * 10).snapshot(many(act, (at) => (at * 31) % 97));
          else driver.send({ kind: "size", columns: act[0], rows: act[1] });
          if (driver.state.lists.connections.selected !== undefined) expect(cursorLine(driver)).toBeGreaterThan(0);
        }
      }),
      { numRuns: 50 },
    );
  });

  test("a held key counts as often as it came", () => {
    const driver = new Driver().snapshot(many(50)).press("j").burst("j", "j", "j");
    expect(driver.state.lists.connections.selected).toBe("c3");
  });

  test("thousands of rows: the last one is reached and drawn", () => {
    const driver = new Driver().snapshot(many(5000)).press("G");
    expect(driver.lines[cursorLine(driver)]).toContain("c4999 ");
    expect(rowsOf(driver.press("g"))[0]).toBe("c0");
  });
});

describe("sort and filter", () => {
  test("s goes through the columns, r turns the order round", () => {
    const driver = new Driver().snapshot(traffic({ b: 1e3, a: 2e3 })).press("S", "S", "S", "S", "S", "S", "S");
    expect(driver.state.lists.connections.sort).toEqual({ column: "id", descending: false });
    expect(rowsOf(driver)).toEqual(["a", "b"]);
    expect(rowsOf(driver.press("r"))).toEqual(["b", "a"]);
    expect(driver.text).toContain("ID▾");
  });

  test("filter words must occur, words after ! must not; Esc brings back what was", () => {
    const driver = new Driver().snapshot(traffic({ alpha: 3e3, beta: 2e3, gamma: 1e3 }));
    driver.press("/", ...Array.from("laptop !bet"), "enter");
    expect(rowsOf(driver)).toEqual(["alpha", "gamma"]);
    expect(driver.text).toContain("2 of 3");
    driver.press("/", "x", "escape");
    expect(driver.state.lists.connections.filter).toBe("laptop !bet");
    expect(rowsOf(driver.press("escape"))).toHaveLength(3);
  });

  test("in the filter keys are text: q does not quit, Ctrl-C does", () => {
    const driver = new Driver().snapshot().press("/", "q", "x", "?");
    expect(driver.state.lists.connections.filter).toBe("qx?");
    expect(driver.effects).toEqual([]);
    expect(driver.press("ctrl+c").effects).toEqual([{ kind: "quit" }]);
  });
});

test("ticks that change nothing on the screen leave the state as it is", () => {
  const driver = new Driver().snapshot();
  const { state } = driver;
  expect(driver.wait(1000).state).toBe(state);
});
