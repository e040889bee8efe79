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

/** What a reload changes, and what it can't. A change of core.mode alone stands for all that depends on it. */
export function compareSettings(before: Settings, after: Settings): Changes {
  const old = new Map(effective(before).map(({ setting, value }) => [setting.path, value]));
  const changed = (reload: Setting["reload"]): Change[] =>
    effective(after)
      .filter(({ setting }) => setting.reload === reload && old.has(setting.path))
      .map(({ setting, value }) => ({ path: setting.path, before: old.get(setting.path), after: value }))
      .filter((change) => !isDeepStrictEqual(change.before, change.after));
  return { live: changed("live"), restart: changed("restart") };
}
