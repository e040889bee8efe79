import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { configurationPage } from "../../scripts/docs/configuration.ts";
import { exampleConfig } from "../../scripts/docs/example.ts";
import { variableOf, variables } from "../../src/daemon/config/environment.ts";
import type { Setting } from "../../src/daemon/config/setting.ts";
import { settingsTable } from "../../src/daemon/config/table.ts";
import { good, problemsOf } from "./fixtures.ts";

const root = join(import.meta.dirname, "../..");
const page = configurationPage();
const example = exampleConfig("server", "defaults");

/** The paths of all keys of a value, entries of lists without their place. */
function pathsIn(value: unknown, path: string): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => pathsIn(item, `${path}[]`));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const below = path === "" ? key : `${path}.${key}`;
    return [below, ...pathsIn(inner, below)];
  });
}

const everything = new Set(
  (["server", "client"] as const).flatMap((mode) => pathsIn(parse(exampleConfig(mode, "everything")), "")),
);

describe.each(settingsTable.map((setting): [string, Setting] => [setting.path, setting]))("%s", (path, setting) => {
  test("has a default that it would take", () => {
    const { shape } = setting;
    if (setting.default === undefined || shape.kind === "entries") return;
    const type = shape.kind === "list" ? shape.of : shape.type;
    const texts = Array.isArray(setting.default) ? setting.default : [String(setting.default)];
    for (const text of texts) {
      const isWord = shape.kind === "list" && shape.words.includes(text);
      expect(isWord || type.parse(text, "/").ok).toBe(true);
    }
  });

  test("says what holds when it is not set", () => {
    const needed = setting.required === true || setting.requiredUnless !== undefined;
    const shown = setting.default !== undefined || setting.example !== undefined || setting.shape.kind === "entries";
    expect(shown).toBe(true);
    expect(needed && setting.default !== undefined).toBe(false);
  });

  test("is documented and in the example", () => {
    expect(setting.doc).toMatch(/^[A-Z].*\.$/s);
    expect(page).toContain(`| \`${path}\` |`);
    expect(everything).toContain(path);
    const line = new RegExp(`^[# -]*${path.split(".").at(-1)}:( |$)`, "m");
    expect(line.test(example)).toBe(true);
  });
});

test("no two settings share a path or a variable", () => {
  expect(new Set(settingsTable.map(({ path }) => path)).size).toBe(settingsTable.length);
  const single = settingsTable.filter(({ path, shape }) => !path.includes("[]") && shape.kind !== "entries");
  expect(variables.size).toBe(single.length);
  expect(variableOf("rate_limit.global.base_rate")).toBe("SSSONECTOR_RATE_LIMIT_GLOBAL_BASE_RATE");
});

test("marks what is not in effect yet", () => {
  for (const { path } of settingsTable.filter(({ effect }) => effect !== "now")) {
    const row = page.split("\n").find((line) => line.startsWith(`| \`${path}\` `));
    expect(row).toContain("Accepted and checked, not in effect yet");
  }
  expect(page.split("\n").find((line) => line.includes("`network.mtu`"))).not.toContain("not in effect");
});

test("the example is a valid server, and sets nothing that has a default to anything else", () => {
  const { settings, rows } = good(example);
  expect(settings.core.mode).toBe("server");
  const fixed = new Set(settingsTable.filter((setting) => setting.default !== undefined).map(({ path }) => path));
  const changed = rows.filter((row) => fixed.has(row.key) && !isDeepStrictEqual(row.value, row.default));
  expect(changed).toEqual([]);
});

test.each(["server", "client"] as const)("every setting of a %s can be set at once", (mode) => {
  expect(problemsOf(exampleConfig(mode, "everything"))).toEqual([]);
});

test.each([
  ["config/sssonector.example.yaml", example],
  ["docs/configuration.md", page],
])("%s is up to date (else run: node scripts/generate-docs.ts)", (path, text) => {
  expect(readFileSync(join(root, path), "utf8")).toBe(text);
});
