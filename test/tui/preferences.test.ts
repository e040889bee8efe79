import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  loadPreferences,
  noPreferences,
  parsePreferences,
  preferencesFile,
  preferencesOf,
  savePreferences,
} from "../../src/tui/preferences.ts";
import { initialState } from "../../src/tui/model/state.ts";
import { Driver, unicodeSetup } from "./driver.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sssonector-top-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("theme, order and columns are remembered; a console without changes remembers nothing", () => {
  expect(preferencesOf(new Driver().snapshot().state)).toEqual(noPreferences);
  const driver = new Driver()
    .snapshot()
    .press("t", "2", "s", ":")
    .press(..."columns address rtt".split(""), "enter");
  const file = join(folder, "deep", "top.json");
  savePreferences(file, preferencesOf(driver.state));
  const loaded = loadPreferences(file);
  expect(loaded).toEqual({
    theme: "light",
    sorts: { backends: { column: "address", descending: false } },
    hidden: { backends: ["address", "rtt"] },
    keys: {},
  });
  const again = initialState(unicodeSetup, 80, 24, loaded);
  expect(again).toMatchObject({ theme: "light", hidden: loaded.hidden });
  expect(again.lists.backends.sort).toEqual({ column: "address", descending: false });
  expect(driver.text).not.toContain("RTT ms");
});

test("a damaged file, or one that means something else, is as none", () => {
  writeFileSync(join(folder, "top.json"), "{");
  expect(loadPreferences(join(folder, "top.json"))).toEqual(noPreferences);
  expect(loadPreferences(join(folder, "none.json"))).toEqual(noPreferences);
  const odd = {
    theme: "pink",
    sorts: { backends: { column: "nope", descending: true } },
    hidden: { events: "x" },
    keys: [1],
  };
  expect(parsePreferences(odd)).toEqual(noPreferences);
  fc.assert(fc.property(fc.jsonValue(), (value) => void parsePreferences(value)));
});

test("a folder that can't be written is no error", () => {
  writeFileSync(join(folder, "file"), "");
  expect(() => savePreferences(join(folder, "file", "top.json"), noPreferences)).not.toThrow();
});

test("the folder is XDG's", () => {
  expect(preferencesFile({ XDG_CONFIG_HOME: "/x" })).toBe("/x/sssonector/top.json");
  expect(preferencesFile({ HOME: "/home/ann" })).toBe("/home/ann/.config/sssonector/top.json");
  expect(preferencesFile({ XDG_CONFIG_HOME: "relative", HOME: "/h" })).toBe("/h/.config/sssonector/top.json");
});

test("a key of the user's own does what another does, in the tables only, and the help says so", () => {
  const setup = { ...unicodeSetup, keys: { K: "down" } };
  const driver = new Driver({ setup, rows: 200 }).snapshot().press("K");
  expect(driver.state.lists.connections.selected).toBeDefined();
  expect(driver.press("?").text).toContain("Your key K stands for down.");
  expect(driver.press("escape", "/", "K").text).toContain("/K");
});
