/** What the console can have the daemon do to a row. Keys, dialogs and ctl twins are drawn from this table. */
import type { Params } from "../../shared/control/protocol.ts";
import type { TabName } from "../tables/table.ts";

export type ActionName = "kick" | "drain" | "ready" | "maint" | "reset_breaker" | "open_breaker" | "close_breaker";

/** What one act asks of the daemon. */
export type Request = { [M in ActionName]: { readonly method: M; readonly params: Params<M> } }[ActionName];

export interface RequestOptions {
  readonly dryRun: boolean;
  /** Do it also when it takes the last healthy backend. */
  readonly acceptRisk: boolean;
}

export interface Action {
  /** The verb of its ctl twin. */
  readonly verb: string;
  /** On the button. */
  readonly button: string;
  /** In the footer, and in the dialog's title before the row. */
  readonly word: string;
  /** What is said while the daemon does it. */
  readonly doing: string;
  /** Tabs whose rows it can be done to, and what to do on another one. */
  readonly tabs: readonly TabName[];
  readonly elsewhere: string;
  /** What it is done to, for the dialog's title. */
  readonly of: (target: string, label: string) => string;
  readonly request: (target: string, options: RequestOptions) => Request;
}

const backendTabs: readonly TabName[] = ["backends", "breakers"];
const chooseBackend = "choose a backend or a breaker first";

export const actions: Readonly<Record<ActionName, Action>> = {
  kick: {
    verb: "kick",
    button: "Kick",
    word: "kick",
    doing: "kicking",
    tabs: ["connections", "sessions"],
    elsewhere: "choose a connection or a session first",
    of: (_target, label) => label,
    request: (target, { dryRun }) => ({ method: "kick", params: { target, dry_run: dryRun } }),
  },
  drain: {
    verb: "drain",
    button: "Drain",
    word: "drain",
    doing: "draining",
    tabs: backendTabs,
    elsewhere: chooseBackend,
    of: (target) => `backend ${target}`,
    request: (backend, options) => ({ method: "drain", params: risky(backend, options) }),
  },
  ready: {
    verb: "ready",
    button: "Ready",
    word: "ready",
    doing: "making it ready",
    tabs: backendTabs,
    elsewhere: chooseBackend,
    of: (target) => `backend ${target}`,
    request: (backend, options) => ({ method: "ready", params: risky(backend, options) }),
  },
  maint: {
    verb: "maint",
    button: "Maint",
    word: "maint",
    doing: "taking it out",
    tabs: backendTabs,
    elsewhere: chooseBackend,
    of: (target) => `backend ${target}`,
    request: (backend, options) => ({ method: "maint", params: risky(backend, options) }),
  },
  reset_breaker: {
    verb: "reset-breaker",
    button: "Reset",
    word: "reset",
    doing: "resetting",
    tabs: backendTabs,
    elsewhere: chooseBackend,
    of: (target) => `breaker ${target}`,
    request: (backend, options) => ({ method: "reset_breaker", params: risky(backend, options) }),
  },
  open_breaker: {
    verb: "open-breaker",
    button: "Open",
    word: "open",
    doing: "opening",
    tabs: backendTabs,
    elsewhere: chooseBackend,
    of: (target) => `breaker ${target}`,
    request: (backend, options) => ({ method: "open_breaker", params: risky(backend, options) }),
  },
  close_breaker: {
    verb: "close-breaker",
    button: "Close",
    word: "close",
    doing: "closing",
    tabs: backendTabs,
    elsewhere: chooseBackend,
    of: (target) => `breaker ${target}`,
    request: (backend, options) => ({ method: "close_breaker", params: risky(backend, options) }),
  },
};

function risky(
  backend: string,
  { dryRun, acceptRisk }: RequestOptions,
): { backend: string; dry_run: boolean; accept_risk: boolean } {
  return { backend, dry_run: dryRun, accept_risk: acceptRisk };
}
