import type { Millis } from "../../shared/clock.ts";

/** An admitted call. Its result moves the breaker only while the breaker is in the stay that admitted it. */
export interface Ticket {
  readonly generation: number;
  /** Admitted half-open: when it ends as a failure for want of a result. */
  readonly deadline: Millis | undefined;
}

export interface ClosedState {
  readonly kind: "closed";
  readonly failuresInRow: number;
  readonly healthySince: Millis;
}

export interface OpenState {
  readonly kind: "open";
  readonly since: Millis;
  /** Before jitter and before the limit for a backend without alternative. */
  readonly openTime: Millis;
  /** 0.5 to 1. */
  readonly jitter: number;
}

export interface HalfOpenState {
  readonly kind: "half_open";
  readonly probes: readonly Ticket[];
  readonly passed: number;
  readonly passedSlowly: number;
  /** When a probe last ended, or the state began. */
  readonly quietSince: Millis;
}

export type State =
  | ClosedState
  | OpenState
  | HalfOpenState
  | { readonly kind: "forced_open"; readonly since: Millis; readonly until: Millis | undefined }
  | { readonly kind: "disabled" }
  | { readonly kind: "observe" };

export type StateKind = State["kind"];

export type Cause =
  | "consecutive_failures"
  | "failure_rate"
  | "slow_rate"
  | "policy"
  | "half_open_failure"
  | "probe_hung"
  | "open_time_over"
  | "probes_passed"
  | "operator"
  | "config";

/** What may move a breaker from one state to another; an empty list refuses the pair. */
export const transitions: Readonly<Record<StateKind, Readonly<Record<StateKind, readonly Cause[]>>>> = {
  closed: {
    closed: ["operator"],
    open: ["consecutive_failures", "failure_rate", "slow_rate", "policy"],
    half_open: [],
    forced_open: ["operator"],
    disabled: ["operator"],
    observe: ["config"],
  },
  open: {
    closed: ["operator"],
    open: [],
    half_open: ["open_time_over"],
    forced_open: ["operator"],
    disabled: ["operator"],
    observe: ["config"],
  },
  half_open: {
    closed: ["probes_passed", "operator"],
    open: ["half_open_failure", "probe_hung", "slow_rate", "policy"],
    half_open: [],
    forced_open: ["operator"],
    disabled: ["operator"],
    observe: ["config"],
  },
  forced_open: {
    closed: ["operator"],
    open: [],
    half_open: ["open_time_over"],
    forced_open: ["operator"],
    disabled: ["operator"],
    observe: ["open_time_over", "operator"],
  },
  disabled: {
    closed: ["operator"],
    open: [],
    half_open: [],
    forced_open: ["operator"],
    disabled: [],
    observe: ["operator"],
  },
  observe: {
    closed: ["config"],
    open: [],
    half_open: [],
    forced_open: ["operator"],
    disabled: ["operator"],
    observe: ["operator"],
  },
};
