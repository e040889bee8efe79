import type { Millis } from "../../shared/clock.ts";
import type { Role, SshConnection } from "../../shared/control/protocol.ts";
import type { Snapshot } from "../../shared/control/snapshot.ts";
import type { LogLine } from "../../shared/control/log-line.ts";
import type { Theme } from "../draw/paint.ts";
import { noPreferences, type Preferences } from "../preferences.ts";
import type { Glyphs } from "../draw/glyphs.ts";
import { tables } from "../tables/index.ts";
import type { TabName } from "../tables/table.ts";
import type { Order } from "./actions.ts";
import type { CaptureOrder } from "./capture.ts";
import { type ListState, newList, type Rows } from "./list.ts";
import type { Risk } from "./message.ts";
import type { Time } from "./time.ts";
import { noTrends, type Trends } from "./trends.ts";

/** What the command line chose; it never changes while the console runs. */
export interface Setup {
  readonly glyphs: Glyphs;
  readonly readOnly: boolean;
  /** How a ctl command for this daemon begins, with `--socket` where the console was given one. */
  readonly ctl: string;
  /** A recording is replayed; where it ends, milliseconds since the Unix epoch. */
  readonly recording: { readonly to_ms: number } | undefined;
  /** The ssh connection that the operator works through; null: none, undefined: unknown. */
  readonly ssh: SshConnection | null | undefined;
  /** The user's own keys, and the key of the table that each stands for. */
  readonly keys: Readonly<Record<string, string>>;
}

/** The way to the daemon. While it is down the last snapshot stays on the screen and says how old it is. */
export type Link = { readonly kind: "up"; readonly role: Role } | { readonly kind: "down"; readonly problem: string };

export type DialogPhase =
  /** The daemon is asked what would happen. */
  | { readonly kind: "asking" }
  | {
      readonly kind: "ready";
      readonly text: string;
      readonly since: Millis;
      readonly risk: Risk | undefined;
      /** What was typed of the name, where one is asked for. */
      readonly typed: string;
    }
  | { readonly kind: "refused"; readonly text: string }
  | { readonly kind: "sending"; readonly acceptRisk: boolean };

export interface Dialog {
  readonly order: Order;
  /** `control.revision` of what was on the screen when it was opened. */
  readonly revision: number;
  readonly phase: DialogPhase;
  readonly focus: "cancel" | "act";
  /** Tells the answers of this dialog from those of an earlier one. */
  readonly token: number;
}

/** A new weight for a backend, before its dialog. */
export interface Editor {
  readonly backend: string;
  /** The weight that it has. */
  readonly from: number;
  /** A whole number, or `auto`. */
  readonly text: string;
  /** Whether it reverts unless it is confirmed in time. */
  readonly confirm: boolean;
}

/** A new rate for a bucket, before its dialog. */
export interface RateEditor {
  readonly bucket: string;
  /** The rate that it has, as it is written. */
  readonly from: string;
  readonly text: string;
  /** Whether it reverts unless it is confirmed in time. */
  readonly confirm: boolean;
  /** Milliseconds that it is set for; null: until it is changed. */
  readonly time: number | null;
}

export type Mode =
  | { readonly kind: "browse" }
  | { readonly kind: "filter"; readonly before: string }
  | { readonly kind: "help"; readonly top: number }
  /** The selected row, at length. */
  | { readonly kind: "detail"; readonly top: number }
  /** Who is attached, and what they did. */
  | { readonly kind: "attached" }
  /** What ctl says to a verb that has no tab; undefined until it has said it. */
  | {
      readonly kind: "text";
      readonly verb: string;
      readonly lines: readonly string[] | undefined;
      readonly top: number;
    }
  | { readonly kind: "command"; readonly text: string }
  /** Whether an incident bundle is written with names or without. */
  | { readonly kind: "bundle" }
  /** Whether a capture is begun. */
  | { readonly kind: "capture"; readonly order: CaptureOrder }
  | { readonly kind: "edit"; readonly editor: Editor }
  | { readonly kind: "rate"; readonly editor: RateEditor }
  | { readonly kind: "act"; readonly dialog: Dialog };

export interface State {
  readonly setup: Setup;
  readonly columns: number;
  readonly rows: number;
  readonly link: Link;
  /** The newest one. */
  readonly live: Snapshot | undefined;
  /** What is on the screen: the newest one, or one of the past. */
  readonly snapshot: Snapshot | undefined;
  readonly time: Time;
  /** When the newest snapshot came. */
  readonly receivedAt: Millis;
  /** Whole seconds since then; counts from staleAfter on, below it stays 0 so that nothing is drawn again. */
  readonly age: number;
  readonly trends: Trends;
  readonly tab: TabName;
  readonly lists: Readonly<Record<TabName, ListState>>;
  /** The newest lines of the daemon's log, once its tab was looked at. */
  readonly log: readonly LogLine[];
  readonly theme: Theme;
  /** Columns that are not shown. */
  readonly hidden: Preferences["hidden"];
  /** Rows of the tab on the screen. */
  readonly items: Rows;
  readonly mode: Mode;
  /** One line about the last act, until the next key. */
  readonly notice: string | undefined;
  readonly lastKeyAt: Millis;
  /** Dialogs so far. */
  readonly dialogs: number;
}

/** Seconds without a snapshot after which data counts as stale. */
export const staleAfter = 3;

export function initialState(
  setup: Setup,
  columns: number,
  rows: number,
  { theme, sorts, hidden }: Preferences = noPreferences,
): State {
  return {
    setup,
    columns,
    rows,
    link: { kind: "down", problem: "connecting" },
    live: undefined,
    snapshot: undefined,
    time: { kind: "live" },
    receivedAt: 0,
    age: 0,
    trends: noTrends,
    tab: "connections",
    lists: {
      connections: newList(sorts.connections ?? tables.connections.sort),
      backends: newList(sorts.backends ?? tables.backends.sort),
      services: newList(sorts.services ?? tables.services.sort),
      sessions: newList(sorts.sessions ?? tables.sessions.sort),
      buckets: newList(sorts.buckets ?? tables.buckets.sort),
      breakers: newList(sorts.breakers ?? tables.breakers.sort),
      events: newList(sorts.events ?? tables.events.sort),
      logs: newList(sorts.logs ?? tables.logs.sort),
      "top-talkers": newList(sorts["top-talkers"] ?? tables["top-talkers"].sort),
    },
    log: [],
    theme,
    hidden,
    items: new Map(),
    mode: { kind: "browse" },
    notice: undefined,
    lastKeyAt: Number.NEGATIVE_INFINITY,
    dialogs: 0,
  };
}

/** Whether what is on the screen may no longer be true. */
export function isStale(state: State): boolean {
  return state.link.kind === "down" || (state.age >= staleAfter && state.setup.recording === undefined);
}

export function mayAct(state: State): boolean {
  return !state.setup.readOnly && state.link.kind === "up" && state.link.role === "operator";
}

export function activeList(state: State): ListState {
  return state.lists[state.tab];
}

export function withList(state: State, list: ListState): State {
  return list === activeList(state) ? state : { ...state, lists: { ...state.lists, [state.tab]: list } };
}
