import type { Millis } from "../../shared/clock.ts";
import { permitsLeft, retryAfter } from "./admit.ts";
import type { Core } from "./core.ts";
import type { Cause, State, StateKind } from "./state.ts";
import { calls, percent, totals } from "./window.ts";

/** A row of `ctl breakers` without its name; null says "none". */
export interface BreakerView {
  state: "closed" | "open" | "half-open" | "forced-open" | "disabled" | "observe";
  /** Percent of the calls in the window. */
  failure_rate: number;
  slow_rate: number;
  calls: number;
  /** How long it has been open or forced open. */
  opened_seconds: number | null;
  /** Until it leaves open by itself; null also when only an operator ends it. */
  retry_in_ms: number | null;
  /** Half-open: calls that would be admitted now. */
  permits_left: number | null;
  /** What brought it into its present state; null when it was in it from the start. */
  cause: Cause | null;
  /** Why it last opened, also after it closed; null since the start or a reset. */
  last_cause: Cause | null;
}

const names: Readonly<Record<StateKind, BreakerView["state"]>> = {
  closed: "closed",
  open: "open",
  half_open: "half-open",
  forced_open: "forced-open",
  disabled: "disabled",
  observe: "observe",
};

export function view(core: Core, now: Millis): BreakerView {
  const { state } = core;
  const counts = totals(core.window, now);
  const all = calls(counts);
  const since = openSince(state);
  return {
    state: names[state.kind],
    failure_rate: percent(counts.failed, all),
    slow_rate: percent(counts.slow, all),
    calls: all,
    opened_seconds: since === undefined ? null : (now - since) / 1000,
    retry_in_ms: since === undefined ? null : (retryAfter(core, now) ?? null),
    permits_left: state.kind === "half_open" ? permitsLeft(state) : null,
    cause: core.entered?.cause ?? null,
    last_cause: core.lastCause ?? null,
  };
}

function openSince(state: State): Millis | undefined {
  return state.kind === "open" || state.kind === "forced_open" ? state.since : undefined;
}
