import type { Millis } from "../../shared/clock.ts";
import { type Effect, type Step, step } from "../model/message.ts";
import type { State } from "../model/state.ts";
import type { Key } from "./split.ts";
import { typeCommand } from "../model/command.ts";
import { editName } from "../model/dialog.ts";
import { typeDigit } from "../model/edit.ts";
import { typeRate } from "../model/rate-edit.ts";
import { typedFilter } from "./filter.ts";
import { type KeyRow, layerOf } from "./row.ts";
import { keyRows } from "./table.ts";

const byKey: ReadonlyMap<string, KeyRow> = new Map(
  keyRows.flatMap((row) => row.keys.map((key) => [`${row.layer} ${key}`, row] as const)),
);

/** The row that counts for a key now. */
export function rowFor(state: State, key: string): KeyRow | undefined {
  return byKey.get(`always ${key}`) ?? byKey.get(`${layerOf(state.mode)} ${key}`);
}

/** A character for the text that is being typed, if one is. */
function typed(state: State, text: string): State {
  if (state.mode.kind === "filter") return typedFilter(state, text);
  if (state.mode.kind === "command") return typeCommand(state, text);
  if (state.mode.kind === "edit") return typeDigit(state, text);
  if (state.mode.kind === "rate") return typeRate(state, text);
  return editName(state, (name) => name + text);
}

/** The key of the table that one of the user's own stands for; only in the tables, so that texts can be typed. */
function meant(state: State, key: string): string {
  return layerOf(state.mode) === "list" ? (state.setup.keys[key] ?? key) : key;
}

function pressOne(state: State, key: Key, now: Millis, alone: boolean): Step {
  const row = rowFor(state, meant(state, key.name));
  if (row === undefined) {
    return step(key.text === undefined ? state : typed(state, key.text));
  }
  if (row.alone && !alone) return step(state);
  const reason = row.disabled?.(state);
  return reason === undefined ? row.act(state, now) : step({ ...state, notice: reason });
}

/** The keys of one input event, in order. */
export function press(state: State, keys: readonly Key[], now: Millis): Step {
  const effects: Effect[] = [];
  let next: State = state.notice === undefined ? state : { ...state, notice: undefined };
  for (const key of keys) {
    const done = pressOne(next, key, now, keys.length === 1);
    next = done.state;
    effects.push(...done.effects);
  }
  return { state: next, effects };
}
