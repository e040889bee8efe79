/** What the console can have the daemon do. Keys, commands, dialogs and ctl twins are drawn from this table. */
import type { LogLevel } from "../../shared/control/log-line.ts";
import type { ActionParams, Params } from "../../shared/control/protocol.ts";
import { type Burst, formatBurst, formatDuration, formatRate, type Rate } from "../../shared/units.ts";
import type { TabName } from "../tables/table.ts";

export type ActionName =
  | "kick"
  | "drain"
  | "ready"
  | "maint"
  | "set_weight"
  | "set_rate"
  | "reset_breaker"
  | "open_breaker"
  | "close_breaker"
  | "revoke"
  | "allow"
  | "reload"
  | "rotate"
  | "log_level"
  | "stop"
  | "undo"
  | "confirm";

/** What one act asks of the daemon. */
export type Request = { [M in ActionName]: { readonly method: M; readonly params: Params<M> } }[ActionName];

/** What an act says beside its target. */
export interface Args {
  readonly weight?: number | "auto";
  readonly rate?: Rate | "auto";
  readonly burst?: Burst;
  /** Every breaker, in place of one. */
  readonly all?: true;
  readonly level?: LogLevel;
  /** Milliseconds. */
  readonly deadline?: number;
  readonly for?: number;
  readonly confirmWithin?: number;
  readonly reason?: string;
}

/** An act on one or more rows. */
export interface Order {
  readonly action: ActionName;
  /** Ids of connections or sessions, names of backends or identities; an empty one is the daemon itself. */
  readonly targets: readonly string[];
  readonly args: Args;
}

export interface RequestOptions {
  readonly dryRun: boolean;
  /** Do it also when it takes the last healthy backend or cuts the operator's own connection. */
  readonly acceptRisk: boolean;
  /** `control.revision` of what the operator saw. */
  readonly revision: number;
}

/** How a table's rows are called when one has to be chosen. */
export type Target = "connection" | "backend" | "bucket" | "identity" | "none";

export interface Action {
  /** The verb of its ctl twin. */
  readonly verb: string;
  /** On the button. */
  readonly button: string;
  /** In the footer, and in the dialog's title before the row. */
  readonly word: string;
  /** What is said while the daemon does it. */
  readonly doing: string;
  readonly target: Target;
  readonly request: (target: string, args: Args, params: ActionParams) => Request;
}

/** Tabs whose rows an act on such a target can be done to, and what to do on another one. */
export const targetTabs: Readonly<Record<Target, { readonly tabs: readonly TabName[]; readonly elsewhere: string }>> = {
  connection: { tabs: ["connections", "sessions"], elsewhere: "choose a connection or a session first" },
  backend: { tabs: ["backends", "breakers"], elsewhere: "choose a backend or a breaker first" },
  bucket: { tabs: ["buckets"], elsewhere: "choose a bucket first" },
  identity: { tabs: [], elsewhere: "give its name: `:revoke NAME`" },
  none: { tabs: [], elsewhere: "" },
};

/** A backend's name, or nothing for this daemon. */
function named(backend: string): { backend?: string } {
  return backend === "" ? {} : { backend };
}

function ms(value: number | undefined, key: "deadline_ms" | "for_ms" | "confirm_within_ms"): Record<string, number> {
  return value === undefined ? {} : { [key]: value };
}

function rateParams(rate: Rate | "auto"): Pick<Params<"set_rate">, "rate" | "unit"> {
  if (rate === "auto") return { rate };
  return rate.kind === "unlimited" ? { rate: null } : { rate: rate.per_second, unit: rate.kind };
}

export const actions: Readonly<Record<ActionName, Action>> = {
  kick: {
    verb: "kick",
    button: "Kick",
    word: "kick",
    doing: "kicking",
    target: "connection",
    request: (target, { reason }, params) => ({
      method: "kick",
      params: { target, ...(reason === undefined ? {} : { reason }), ...params },
    }),
  },
  drain: {
    verb: "drain",
    button: "Drain",
    word: "drain",
    doing: "draining",
    target: "backend",
    request: (backend, { deadline }, params) => ({
      method: "drain",
      params: { ...named(backend), ...ms(deadline, "deadline_ms"), ...params },
    }),
  },
  ready: {
    verb: "ready",
    button: "Ready",
    word: "ready",
    doing: "making it ready",
    target: "backend",
    request: (backend, _args, params) => ({ method: "ready", params: { ...named(backend), ...params } }),
  },
  maint: {
    verb: "maint",
    button: "Maint",
    word: "maint",
    doing: "taking it out",
    target: "backend",
    request: (backend, _args, params) => ({ method: "maint", params: { backend, ...params } }),
  },
  set_weight: {
    verb: "set-weight",
    button: "Set",
    word: "weight",
    doing: "setting the weight",
    target: "backend",
    request: (backend, { weight = "auto", confirmWithin }, params) => ({
      method: "set_weight",
      params: { backend, weight, ...ms(confirmWithin, "confirm_within_ms"), ...params },
    }),
  },
  set_rate: {
    verb: "set-rate",
    button: "Set",
    word: "rate",
    doing: "setting the rate",
    target: "bucket",
    request: (bucket, { rate = "auto", burst, for: time, confirmWithin }, params) => ({
      method: "set_rate",
      params: {
        bucket,
        ...rateParams(rate),
        ...(burst === undefined ? {} : { burst: burst.amount }),
        ...ms(time, "for_ms"),
        ...ms(confirmWithin, "confirm_within_ms"),
        ...params,
      },
    }),
  },
  reset_breaker: {
    verb: "reset-breaker",
    button: "Reset",
    word: "reset",
    doing: "resetting",
    target: "backend",
    request: (backend, { all }, params) => ({
      method: "reset_breaker",
      params: { ...(all === true ? { all } : { backend }), ...params },
    }),
  },
  open_breaker: {
    verb: "open-breaker",
    button: "Open",
    word: "open",
    doing: "opening",
    target: "backend",
    request: (backend, args, params) => ({
      method: "open_breaker",
      params: { backend, ...ms(args.for, "for_ms"), ...params },
    }),
  },
  close_breaker: {
    verb: "close-breaker",
    button: "Close",
    word: "close",
    doing: "closing",
    target: "backend",
    request: (backend, _args, params) => ({ method: "close_breaker", params: { backend, ...params } }),
  },
  revoke: {
    verb: "revoke",
    button: "Revoke",
    word: "revoke",
    doing: "shutting it out",
    target: "identity",
    request: (identity, _args, params) => ({ method: "revoke", params: { identity, ...params } }),
  },
  allow: {
    verb: "allow",
    button: "Allow",
    word: "allow",
    doing: "letting it in",
    target: "identity",
    request: (identity, _args, params) => ({ method: "allow", params: { identity, ...params } }),
  },
  reload: {
    verb: "reload",
    button: "Reload",
    word: "reload",
    doing: "reloading",
    target: "none",
    request: (_target, _args, params) => ({ method: "reload", params }),
  },
  rotate: {
    verb: "rotate",
    button: "Rotate",
    word: "rotate",
    doing: "rotating",
    target: "none",
    request: (_target, _args, params) => ({ method: "rotate", params }),
  },
  log_level: {
    verb: "log-level",
    button: "Set",
    word: "log level of",
    doing: "setting the log level",
    target: "none",
    request: (_target, { level = "info" }, params) => ({ method: "log_level", params: { level, ...params } }),
  },
  stop: {
    verb: "stop",
    button: "Stop",
    word: "stop",
    doing: "stopping",
    target: "none",
    request: (_target, _args, params) => ({ method: "stop", params }),
  },
  undo: {
    verb: "undo",
    button: "Undo",
    word: "undo",
    doing: "taking it back",
    target: "none",
    request: (_target, _args, params) => ({ method: "undo", params }),
  },
  confirm: {
    verb: "confirm",
    button: "Confirm",
    word: "confirm",
    doing: "confirming",
    target: "none",
    request: (_target, _args, params) => ({ method: "confirm", params }),
  },
};

/** What an order says on ctl's command line behind its target. */
export function argumentWords({
  weight,
  rate,
  burst,
  all,
  level,
  deadline,
  for: time,
  confirmWithin,
  reason,
}: Args): string[] {
  return [
    ...(weight === undefined ? [] : [String(weight)]),
    ...(rate === undefined ? [] : [rate === "auto" ? rate : formatRate(rate)]),
    ...(level === undefined ? [] : [level]),
    ...(burst === undefined ? [] : ["--burst", formatBurst(burst)]),
    ...(all === true ? ["--all"] : []),
    ...option("--deadline", deadline),
    ...option("--for", time),
    ...option("--confirm-within", confirmWithin),
    ...(reason === undefined ? [] : ["--reason", reason]),
  ];
}

function option(name: string, milliseconds: number | undefined): string[] {
  return milliseconds === undefined ? [] : [name, formatDuration(milliseconds)];
}
