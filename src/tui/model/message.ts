import type { Millis } from "../../shared/clock.ts";
import type { Snapshot } from "../../shared/control/snapshot.ts";
import type { Key } from "../keys/split.ts";
import type { ActionName, RequestOptions } from "./actions.ts";
import type { Link, State } from "./state.ts";

/** What happens to the console. */
export type Message =
  | { readonly kind: "snapshot"; readonly snapshot: Snapshot; readonly now: Millis }
  | { readonly kind: "link"; readonly link: Link; readonly now: Millis }
  | { readonly kind: "tick"; readonly now: Millis }
  | { readonly kind: "size"; readonly columns: number; readonly rows: number }
  /** The keys of one input event; several in one event are a key repeat or a paste. */
  | { readonly kind: "keys"; readonly keys: readonly Key[]; readonly now: Millis }
  | { readonly kind: "answer"; readonly token: number; readonly answer: Answer; readonly now: Millis };

/** What the daemon says to an act, or to its dry run. */
export interface Answer {
  readonly dryRun: boolean;
  readonly ok: boolean;
  readonly text: string;
  /** It takes the last healthy backend. */
  readonly lastHealthy: boolean;
}

/** What the console is to do in the world. */
export type Effect =
  | { readonly kind: "quit" }
  | { readonly kind: "suspend" }
  | ({
      readonly kind: "act";
      readonly action: ActionName;
      readonly target: string;
      readonly token: number;
    } & RequestOptions);

export interface Step {
  readonly state: State;
  readonly effects: readonly Effect[];
}

export function step(state: State, ...effects: Effect[]): Step {
  return { state, effects };
}
