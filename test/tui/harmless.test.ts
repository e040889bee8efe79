import * as fc from "fast-check";
import { expect, test } from "vitest";
import { quietBeforeConfirm } from "../../src/tui/model/dialog.ts";
import { keyRows } from "../../src/tui/keys/table.ts";
import { aBackend, aBreaker, aBucket, aConnection, aSnapshot } from "../fakes/snapshot.ts";
import { Driver, keyOf } from "./driver.ts";

const ascii = Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at));
const everyKey = [...new Set([...ascii, ...keyRows.flatMap(({ keys }) => keys)])];
const tabs = ["1", "2", "3", "4", "5", "6", "7", "8"];

const snapshot = aSnapshot({
  connections: [aConnection("a"), aConnection("b")],
  backends: [aBackend("a"), aBackend("b")],
  breakers: [aBreaker("a"), aBreaker("b")],
  buckets: [aBucket("global/up"), aBucket("global/down")],
});

test("no single key does anything, on any tab, with a row selected or marked", () => {
  for (const tab of tabs) {
    for (const key of everyKey) {
      const driver = new Driver().snapshot(snapshot).press(tab, "down", "v", "up", key);
      expect([tab, key, driver.acts]).toEqual([tab, key, []]);
    }
  }
});

test("neither does a key that is held, nor a paste, whatever keys they are and whatever the daemon answers", () => {
  const key = fc.constantFrom(...everyKey);
  const held = fc
    .tuple(key, fc.nat({ max: quietBeforeConfirm - 1 }))
    .map(([one, gap]) => ({ keys: [one], gap, times: 40 }));
  const pasted = fc.array(key, { minLength: 2, maxLength: 40 }).map((keys) => ({ keys, gap: 900, times: 1 }));
  fc.assert(
    fc.property(fc.array(fc.oneof(held, pasted), { maxLength: 8 }), fc.constantFrom(...tabs), (bursts, tab) => {
      const driver = new Driver().snapshot(snapshot).press(tab, "down");
      for (const { keys, gap, times } of bursts) {
        for (let time = 0; time < times; time += 1) {
          driver.now += gap;
          driver.send({ kind: "keys", keys: keys.map(keyOf), now: driver.now });
          if (driver.state.mode.kind === "act" && driver.state.mode.dialog.phase.kind === "asking")
            driver.answer(true, "ok");
        }
      }
      expect(driver.acts).toEqual([]);
    }),
    { numRuns: 150 },
  );
});
