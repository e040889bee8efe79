/** A capture of inner packets into a file: what was typed is shown once more, and another key begins it. */
import { formatDuration } from "../../shared/units.ts";
import type { CommandArgs } from "./command-words.ts";
import { whyNotAtAll } from "./dialog.ts";
import { type Step, step } from "./message.ts";
import type { State } from "./state.ts";

export interface CaptureOrder {
  /** Of the working directory unless it begins at the root. */
  readonly file: string;
  /** Only packets of this session; undefined: of all. */
  readonly session: string | undefined;
  /** Milliseconds. */
  readonly time: number;
}

/** Milliseconds of a capture that says nothing about it, and the most that one may say. */
const usual = 30_000;
const longest = 600_000;

/** Shows what the command asks for, and waits for the key that begins it. */
export function openCapture(state: State, { file, session, for: time = usual }: CommandArgs): Step {
  const refused = whyNotAtAll(state) ?? whyNotSo(file, time);
  if (refused !== undefined || file === undefined) return step({ ...state, notice: refused });
  return step({ ...state, mode: { kind: "capture", order: { file, session, time } } });
}

function whyNotSo(file: string | undefined, time: number): string | undefined {
  if (file === undefined || file === "" || file === "-") return "capture needs -w FILE";
  if (time > longest) return `a capture takes ${formatDuration(longest)} at most here; ctl has no end`;
  return time === 0 ? "--for needs a time, as in 30s" : undefined;
}

export function beginCapture(state: State): Step {
  if (state.mode.kind !== "capture") return step(state);
  const { order } = state.mode;
  const notice = `capturing for ${formatDuration(order.time)} into ${order.file}`;
  return step({ ...state, mode: { kind: "browse" }, notice }, { kind: "capture", order });
}
