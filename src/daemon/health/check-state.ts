import type { Millis } from "../../shared/clock.ts";

/** `health.rise` and `health.fall`: checks in a row that change what is believed. */
export interface CheckRules {
  readonly rise: number;
  readonly fall: number;
}

/** What a check failed of, or what traffic met: passive causes count like failed checks. */
export type FailureCause =
  | "timeout"
  | "refused"
  | "unexpected_answer"
  | "link_death"
  | "connect_failure"
  | "write_stall";

/**
 * One observation. `stopping`: a GOAWAY of the whole server, or its hint to drain. A death that follows from such a
 * wish, a kick, a rotation or an idle close is nothing to report.
 */
export type CheckEvent =
  | { readonly kind: "passed" }
  | { readonly kind: "failed"; readonly cause: FailureCause }
  | { readonly kind: "stopping" };

interface Known {
  /** When this state began. */
  readonly since: Millis;
  /** Cause of the last failure. */
  readonly cause: FailureCause | undefined;
}

/** Health of a backend. Failures and successes are those in a row. */
export type CheckState =
  | (Known & { readonly kind: "starting"; readonly failures: number })
  | (Known & {
      readonly kind: "up";
      readonly failures: number;
      /** It was down before: its slow start runs from `since`. */
      readonly recovered: boolean;
    })
  | (Known & { readonly kind: "down"; readonly successes: number })
  | (Known & { readonly kind: "stopping"; readonly failures: number });

/** Nothing is known: at the start of the process, and again after maint, where nothing was checked. */
export function checksStart(now: Millis): CheckState {
  return { kind: "starting", failures: 0, since: now, cause: undefined };
}

export function checkStep(state: CheckState, event: CheckEvent, rules: CheckRules, now: Millis): CheckState {
  switch (event.kind) {
    case "passed":
      return passed(state, rules, now);
    case "failed":
      return failed(state, event.cause, rules, now);
    case "stopping":
      return state.kind === "stopping"
        ? { ...state, failures: 0 }
        : { kind: "stopping", failures: 0, since: now, cause: state.cause };
  }
}

/** When the backend came back from a failure, for its slow start; undefined when it is not up, or never failed. */
export function recoveredAt(state: CheckState): Millis | undefined {
  return state.kind === "up" && state.recovered ? state.since : undefined;
}

function passed(state: CheckState, rules: CheckRules, now: Millis): CheckState {
  switch (state.kind) {
    case "up":
      return { ...state, failures: 0 };
    case "starting":
    case "stopping":
      // One is enough at start; a server that answers without its hint took its leave back, or restarted as planned.
      return { kind: "up", failures: 0, recovered: false, since: now, cause: state.cause };
    case "down": {
      const successes = state.successes + 1;
      if (successes < rules.rise) return { ...state, successes };
      return { kind: "up", failures: 0, recovered: true, since: now, cause: state.cause };
    }
  }
}

function failed(state: CheckState, cause: FailureCause, rules: CheckRules, now: Millis): CheckState {
  if (state.kind === "down") return { ...state, successes: 0, cause };
  const failures = state.failures + 1;
  if (failures < rules.fall) return { ...state, failures, cause };
  return { kind: "down", successes: 0, since: now, cause };
}
