import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { isTheme, type Theme } from "./draw/paint.ts";
import type { State } from "./model/state.ts";
import { tabOrder, tables } from "./tables/index.ts";
import type { Sort, TabName } from "./tables/table.ts";

/** What a console remembers for the next one. */
export interface Preferences {
  readonly theme: Theme;
  readonly sorts: Readonly<Partial<Record<TabName, Sort>>>;
  /** Columns that are not shown. */
  readonly hidden: Readonly<Partial<Record<TabName, readonly string[]>>>;
  /** Keys of the user's own, and the key of the table that each stands for. */
  readonly keys: Readonly<Record<string, string>>;
}

export const noPreferences: Preferences = { theme: "orange", sorts: {}, hidden: {}, keys: {} };

/** Where they are kept (XDG base directories). */
export function preferencesFile(env: Readonly<Record<string, string | undefined>>): string {
  const base = env["XDG_CONFIG_HOME"];
  const folder = base !== undefined && base.startsWith("/") ? base : join(env["HOME"] ?? homedir(), ".config");
  return join(folder, "sssonector", "top.json");
}

/** What the file says; what is missing or makes no sense is as without a file. */
export function loadPreferences(file: string): Preferences {
  try {
    return parsePreferences(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return noPreferences;
  }
}

export function parsePreferences(value: unknown): Preferences {
  const given = isRecord(value) ? value : {};
  const { theme, sorts, hidden, keys } = given;
  return {
    theme: isTheme(theme) ? theme : noPreferences.theme,
    sorts: byTab(sorts, (sort, tab) => {
      if (!isRecord(sort)) return undefined;
      const { column, descending } = sort;
      const known = tables[tab].columns.some((head) => head.key === column && head.sortable);
      return known && typeof column === "string" && typeof descending === "boolean"
        ? { column, descending }
        : undefined;
    }),
    hidden: byTab(hidden, (names) =>
      Array.isArray(names) ? names.filter((name): name is string => typeof name === "string") : undefined,
    ),
    keys: isRecord(keys)
      ? Object.fromEntries(Object.entries(keys).filter((pair): pair is [string, string] => typeof pair[1] === "string"))
      : {},
  };
}

export function preferencesOf({ theme, lists, hidden, setup }: State): Preferences {
  const changed = tabOrder.filter((tab) => !sameSort(lists[tab].sort, tables[tab].sort));
  return {
    theme,
    sorts: Object.fromEntries(changed.map((tab) => [tab, lists[tab].sort])),
    hidden,
    keys: setup.keys,
  };
}

/** Keeps them; a folder that can't be written forgets them. */
export function savePreferences(file: string, preferences: Preferences): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.new`, `${JSON.stringify(preferences, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  } catch {
    // The console ran well without them.
  }
}

function sameSort(a: Sort, b: Sort): boolean {
  return a.column === b.column && a.descending === b.descending;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function byTab<Value>(
  value: unknown,
  read: (value: unknown, tab: TabName) => Value | undefined,
): Partial<Record<TabName, Value>> {
  if (!isRecord(value)) return {};
  const pairs = tabOrder.flatMap((tab) => {
    const one = read(value[tab], tab);
    return one === undefined ? [] : [[tab, one] as const];
  });
  return Object.fromEntries(pairs) as Partial<Record<TabName, Value>>;
}
