import type { Millis } from "../../shared/clock.ts";
import type { LogLine } from "../../shared/control/log-line.ts";
import type { DaemonEvent, Moment, Snapshot } from "../../shared/control/snapshot.ts";
import type { Key } from "../keys/split.ts";
import type { Order, RequestOptions } from "./actions.ts";
import type { CaptureOrder } from "./capture.ts";
import type { Link, State } from "./state.ts";

/** What happens to the console. */
export type Message =
  | { readonly kind: "snapshot"; readonly snapshot: Snapshot; readonly now: Millis }
  | { readonly kind: "link"; readonly link: Link; readonly now: Millis }
  | { readonly kind: "tick"; readonly now: Millis }
  | { readonly kind: "size"; readonly columns: number; readonly rows: number }
  /** The keys of one input event; several in one event are a key repeat or a paste. */
  | { readonly kind: "keys"; readonly keys: readonly Key[]; readonly now: Millis }
  /** The second that was asked for; undefined when nobody measured then, or nobody answers. */
  | { readonly kind: "moment"; readonly at_ms: number; readonly moment: Moment | undefined }
  | { readonly kind: "events"; readonly events: readonly DaemonEvent[] }
  | { readonly kind: "logs"; readonly lines: readonly LogLine[] }
  | { readonly kind: "text"; readonly verb: string; readonly lines: readonly string[] }
  | { readonly kind: "notice"; readonly text: string }
  | { readonly kind: "answer"; readonly token: number; readonly answer: Answer; readonly now: Millis };

/** What the daemon says to an act, or to its dry run. */
export interface Answer {
  readonly dryRun: boolean;
  readonly ok: boolean;
  readonly text: string;
  /** What the daemon would refuse unless the risk is accepted. */
  readonly risk: Risk | undefined;
}

export type Risk = "last_healthy" | "cuts_own";

/** What the console is to do in the world. */
export type Effect =
  | { readonly kind: "quit" }
  | { readonly kind: "suspend" }
  /** Ask for a second of the history, or for the whole log of events. */
  | { readonly kind: "moment"; readonly at_ms: number }
  | { readonly kind: "events" }
  /** Ask for the log's lines after a number. */
  | { readonly kind: "logs"; readonly since: number }
  /** Ask ctl for what it says to a verb. */
  | { readonly kind: "read"; readonly verb: string }
  /** Write an incident bundle. */
  | { readonly kind: "bundle"; readonly masked: boolean }
  /** Write inner packets to a file. */
  | { readonly kind: "capture"; readonly order: CaptureOrder }
  /** To the terminal's clipboard. */
  | { readonly kind: "copy"; readonly text: string }
  | ({
      readonly kind: "act";
      readonly order: Order;
      readonly token: number;
    } & RequestOptions);

export interface Step {
  readonly state: State;
  readonly effects: readonly Effect[];
}

export function step(state: State, ...effects: Effect[]): Step {
  return { state, effects };
}
