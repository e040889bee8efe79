import { describe, expect, test } from "vitest";
import { aBackend, aControl, aSnapshot, startOfTime } from "../fakes/snapshot.ts";
import { Driver } from "./driver.ts";

const backends = [aBackend("eu-1", { weight: 100 }), aBackend("eu-2", { weight: 3 })];

function editor(): Driver {
  return new Driver().snapshot(aSnapshot({ backends })).press("2", "down", "w");
}

describe("the editor of a weight", () => {
  test("10 % more or less, at least one, never beyond what a weight can be", () => {
    expect(editor().press("+").text).toMatch(/100 → 110/);
    expect(editor().press("-", "-").text).toMatch(/100 → 81/);
    const small = new Driver().snapshot(aSnapshot({ backends })).press("2", "down", "down", "w", "+");
    expect(small.text).toMatch(/3 → 4/);
    expect(editor().press(..."+++++++++++++".split("")).text).toMatch(/100 → 256/);
  });

  test("digits take the old weight's place; what is no weight is refused", () => {
    expect(editor().press("4", "2").text).toMatch(/100 → 42/);
    expect(editor().press("9", "9", "9", "enter").text).toContain("a weight is 0 to 256, or auto");
    expect(editor().press("a").text).toMatch(/100 → auto/);
  });

  test("goes on to the dialog, with a change that reverts unless it is confirmed", () => {
    const driver = editor().press("4", "2", "enter");
    const order = { action: "set_weight", targets: ["eu-1"], args: { weight: 42, confirmWithin: 60_000 } };
    expect(driver.effects).toMatchObject([{ order, dryRun: true }]);
    expect(driver.text).toContain("$ sssonector ctl set-weight eu-1 42 --confirm-within 1m");
    driver.answer(true, "would set").press("tab", "enter");
    expect(driver.acts).toMatchObject([{ order, dryRun: false }]);
  });

  test("Tab has it stay, Esc changes nothing", () => {
    const stays = editor().press("tab", "4", "enter");
    expect(stays.effects).toMatchObject([{ order: { args: { weight: 4 } } }]);
    expect(editor().press("4", "escape").effects).toEqual([]);
  });
});

describe("changes that wait to be confirmed", () => {
  const control = aControl({
    revision: 3,
    unconfirmed: [{ revision: 3, who: "root", what: "set_weight eu-1 weight=42", reverts_at_ms: startOfTime + 42_000 }],
  });

  test("are counted down among the alerts, and c keeps them", () => {
    const driver = new Driver().snapshot(aSnapshot({ backends, control }));
    expect(driver.text).toContain("set_weight eu-1 weight=42 by root reverts in 42s; c keeps it, u undoes it");
    driver.press("c");
    expect(driver.acts).toMatchObject([{ order: { action: "confirm" }, revision: 3 }]);
    expect(new Driver().snapshot(aSnapshot()).press("c").text).toContain("nothing waits to be confirmed");
  });

  test("u asks what the last change was before it takes it back", () => {
    const driver = new Driver().snapshot(aSnapshot({ backends, control })).press("u");
    expect(driver.effects).toMatchObject([{ order: { action: "undo", targets: [""] }, dryRun: true }]);
    expect(driver.text).toContain("$ sssonector ctl undo ");
  });
});
