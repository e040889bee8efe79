import { isDeepStrictEqual } from "node:util";
import { effective } from "./rows.ts";
import type { Settings } from "./settings.ts";
import type { Setting } from "./setting.ts";

/** One setting that differs, with both values as an operator would write them. A list differs as a whole. */
export interface Change {
  path: string;
  before: unknown;
  after: unknown;
}

export interface Changes {
  /** Applied by a reload. */
  live: Change[];
  /** Kept as they were until a restart. */
  restart: Change[];
}

/** What a reload changes, and what it can't. Settings that only one of two modes has follow from core.mode. */
export function compareSettings(before: Settings, after: Settings): Changes {
  const old = new Map(effective(before).map((entry) => [entry.setting.path, entry]));
  const changed = effective(after).flatMap(({ setting, parsed, value }) => {
    const was = old.get(setting.path);
    if (was === undefined || isDeepStrictEqual(was.parsed, parsed)) return [];
    return [{ reload: setting.reload, change: { path: setting.path, before: was.value, after: value } }];
  });
  const of = (reload: Setting["reload"]): Change[] =>
    changed.filter((entry) => entry.reload === reload).map(({ change }) => change);
  return { live: of("live"), restart: of("restart") };
}

/** The settings that run after a reload: those before, with the live changes taken from `after`. */
export function applyLive(before: Settings, after: Settings, live: readonly Change[]): Settings {
  const result = structuredClone(before);
  for (const { path } of live) {
    const keys = path.split(".");
    const last = keys.pop();
    const source = keys.reduce<Branch>((branch, key) => branch[key] as Branch, after as unknown as Branch);
    const target = keys.reduce<Branch>((branch, key) => branch[key] as Branch, result as unknown as Branch);
    if (last !== undefined) target[last] = source[last];
  }
  return result;
}

type Branch = Record<string, unknown>;
