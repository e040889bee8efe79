import { expect, test } from "vitest";
import { type InkKey, keysOf } from "../../src/tui/keys/split.ts";
import { keyRows } from "../../src/tui/keys/table.ts";
import { helpSections } from "../../src/tui/screens/help.ts";

const plain: InkKey = {
  upArrow: false,
  downArrow: false,
  leftArrow: false,
  rightArrow: false,
  pageDown: false,
  pageUp: false,
  home: false,
  end: false,
  return: false,
  escape: false,
  tab: false,
  backspace: false,
  delete: false,
  ctrl: false,
  shift: false,
  meta: false,
};

test("no key stands for two things in one place, or for something that Ctrl-C and the like already do", () => {
  const always = keyRows.filter((row) => row.layer === "always").flatMap((row) => row.keys);
  const taken = keyRows.flatMap((row) => row.keys.map((key) => `${row.layer} ${key}`));
  expect(new Set(taken).size).toBe(taken.length);
  const hidden = keyRows.filter((row) => row.layer !== "always" && row.keys.some((key) => always.includes(key)));
  expect(hidden).toEqual([]);
});

test("no two rows say the same of one place", () => {
  const said = keyRows.map((row) => `${row.layer} ${row.what}`);
  expect(new Set(said).size).toBe(said.length);
});

test("Ctrl-C quits everywhere", () => {
  expect(keyRows.find((row) => row.keys.includes("ctrl+c"))?.layer).toBe("always");
});

test("a repeat that came as one event is split by grapheme", () => {
  expect(keysOf("jjj", plain).map((key) => key.name)).toEqual(["j", "j", "j"]);
  expect(keysOf("e\u0301x", plain).map((key) => key.text)).toEqual(["e\u0301", "x"]);
});

test("named keys type nothing", () => {
  expect(keysOf("", { ...plain, downArrow: true })).toEqual([{ name: "down" }]);
  expect(keysOf("\t", { ...plain, tab: true, shift: true })).toEqual([{ name: "shift+tab" }]);
  expect(keysOf("c", { ...plain, ctrl: true })).toEqual([{ name: "ctrl+c" }]);
  expect(keysOf("x", { ...plain, meta: true })).toEqual([]);
});

test("docs/keys.md is the table", async () => {
  const sections = helpSections.map(([layer, title]) => {
    const rows = keyRows.filter((row) => row.layer === layer);
    return [`## ${title}`, "", "| key | does |", "|---|---|", ...rows.map((row) => `| ${row.shown} | ${row.what} |`)];
  });
  const page = [
    "# Keys of `sssonector top`\n\nGenerated from src/tui/keys/table.ts.",
    ...sections.map((lines) => lines.join("\n")),
  ];
  await expect(`${page.join("\n\n")}\n`).toMatchFileSnapshot("../../docs/keys.md");
});
