import type { Millis } from "../../shared/clock.ts";
import { type Circumstances, type Core, open, openingsLeft } from "./core.ts";
import { judged } from "./expire.ts";
import { probePermits, type Rules } from "./rules.ts";
import type { Cause, ClosedState, HalfOpenState, Ticket } from "./state.ts";
import { calls, counted, type Outcome, totals } from "./window.ts";

/**
 * Whose fault a failed call is. remote: the backend's or the path's. local: our own (descriptor limit, no route), says
 * nothing about the backend. policy: the backend was reached and refused us or we it (certificate).
 */
export type FailureKind = "remote" | "local" | "policy";

export type Result =
  | { readonly kind: "ok"; readonly took: Millis }
  | { readonly kind: "failed"; readonly failure: FailureKind }
  | { readonly kind: "cancelled" };

/** An outcome, with the failures that open the breaker at once set apart. */
type Judgement = Outcome | "policy";

/** Takes the result of a call. A call of an earlier stay in a state only counts. */
export function settle(core: Core, ticket: Ticket, result: Result, at: Circumstances): Core {
  const judgement = judge(result, at.rules);
  const next = judgement === undefined ? core : count(core, judgement, at.now);
  if (ticket.generation !== core.generation) return next;
  switch (next.state.kind) {
    case "closed":
      return settleClosed(next, next.state, judgement, at);
    case "half_open":
      return settleHalfOpen(next, next.state, ticket, judgement, at);
    case "open":
    case "forced_open":
    case "disabled":
    case "observe":
      return next;
  }
}

/** Undefined: says nothing about the backend. */
function judge(result: Result, rules: Rules): Judgement | undefined {
  if (result.kind === "cancelled") return undefined;
  if (result.kind === "ok") return result.took > rules.slow_call ? "slow" : "ok";
  if (result.failure === "local") return undefined;
  return result.failure === "policy" ? "policy" : "failed";
}

function count(core: Core, judgement: Judgement, now: Millis): Core {
  return { ...core, window: counted(core.window, judgement === "policy" ? "failed" : judgement, now) };
}

function settleClosed(core: Core, state: ClosedState, judgement: Judgement | undefined, at: Circumstances): Core {
  if (judgement === undefined) return core;
  if (judgement === "policy") return open(core, "policy", at);
  const next =
    judgement === "failed" ? failed(core, state, at.now) : { ...core, state: { ...state, failuresInRow: 0 } };
  const cause = tripCause(next, at);
  return cause === undefined ? next : open(next, cause, at);
}

function failed(core: Core, state: ClosedState, now: Millis): Core {
  const openings = openingsLeft(core, now);
  return { ...core, openings, state: { ...state, failuresInRow: state.failuresInRow + 1, healthySince: now } };
}

function tripCause({ state, window }: Core, { rules, now }: Circumstances): Cause | undefined {
  if (state.kind === "closed" && state.failuresInRow >= rules.consecutive) return "consecutive_failures";
  const counts = totals(window, now);
  const all = calls(counts);
  if (all < rules.minimum_calls) return undefined;
  if (counts.failed * 100 >= rules.failure_rate * all) return "failure_rate";
  return counts.slow * 100 >= rules.slow_rate * all ? "slow_rate" : undefined;
}

function settleHalfOpen(
  core: Core,
  state: HalfOpenState,
  ticket: Ticket,
  judgement: Judgement | undefined,
  at: Circumstances,
): Core {
  if (judgement === "policy") return open(core, "policy", at);
  if (judgement === "failed") return open(core, "half_open_failure", at);
  // Only a call that was admitted shows that calls can be admitted again.
  if (!state.probes.includes(ticket)) return core;
  const next: HalfOpenState = {
    kind: "half_open",
    probes: state.probes.filter((probe) => probe !== ticket),
    passed: state.passed + (judgement === undefined ? 0 : 1),
    passedSlowly: state.passedSlowly + (judgement === "slow" ? 1 : 0),
    quietSince: at.now,
  };
  return next.passed < probePermits ? { ...core, state: next } : judged(core, next, at);
}
