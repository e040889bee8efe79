import type { Millis } from "../../shared/clock.ts";
import { asksName } from "../model/dialog.ts";
import type { Step } from "../model/message.ts";
import type { Mode, State } from "../model/state.ts";
import type { TabName } from "../tables/table.ts";

/** Where a key counts. Keys of `always` go first, then those of what is in front: dialog, help, filter or list. */
export type Layer =
  | "always"
  | "dialog"
  | "name"
  | "help"
  | "detail"
  | "attached"
  | "text"
  | "filter"
  | "command"
  | "edit"
  | "rate"
  | "bundle"
  | "capture"
  | "list";

export interface KeyRow {
  readonly keys: readonly string[];
  readonly layer: Layer;
  /** How the keys are written. */
  readonly shown: string;
  readonly what: string;
  /** Key and word for the footer; rows without are in the help only. */
  readonly hint?: readonly [string, string];
  /** Tabs on which the footer has the hint; default: all. */
  readonly hintOn?: readonly TabName[];
  /** Counts only when it came alone, so that neither a paste nor a key repeat does it. */
  readonly alone?: true;
  /** Why it can't be done now. */
  disabled?(state: State): string | undefined;
  act(state: State, now: Millis): Step;
}

/** The layer of what is in front. */
export function layerOf(mode: Mode): Layer {
  switch (mode.kind) {
    case "browse":
      return "list";
    case "act":
      return asksName(mode.dialog) ? "name" : "dialog";
    case "filter":
    case "command":
    case "edit":
    case "rate":
    case "attached":
    case "text":
    case "bundle":
    case "capture":
    case "detail":
    case "help":
      return mode.kind;
  }
}
