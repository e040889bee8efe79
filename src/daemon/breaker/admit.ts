import type { Millis } from "../../shared/clock.ts";
import type { Core } from "./core.ts";
import { dueAt } from "./expire.ts";
import { probePermits, probeTimeout } from "./rules.ts";
import type { HalfOpenState, State, Ticket } from "./state.ts";

export type Admission =
  | { readonly kind: "admitted"; readonly ticket: Ticket; readonly core: Core }
  /** `retryAfter` undefined: only an operator ends it. */
  | { readonly kind: "rejected"; readonly retryAfter: Millis | undefined };

/** Asks for one call. The core has seen everything due until `now`. */
export function admit(core: Core, now: Millis): Admission {
  const { state, generation } = core;
  if (!admits(state)) return { kind: "rejected", retryAfter: retryAfter(core, now) };
  if (state.kind !== "half_open") return { kind: "admitted", ticket: { generation, deadline: undefined }, core };
  const ticket: Ticket = { generation, deadline: now + probeTimeout };
  const probing: State = { ...state, probes: [...state.probes, ticket] };
  return { kind: "admitted", ticket, core: { ...core, state: probing } };
}

/** Whether a call would be admitted. */
export function admits(state: State): boolean {
  switch (state.kind) {
    case "closed":
    case "disabled":
    case "observe":
      return true;
    case "half_open":
      return permitsLeft(state) > 0;
    case "open":
    case "forced_open":
      return false;
  }
}

export function permitsLeft(state: HalfOpenState): number {
  return probePermits - state.probes.length - state.passed;
}

/** Until the breaker moves by its own timer: leaves open, or the oldest probe is over at the latest. */
export function retryAfter(core: Core, now: Millis): Millis | undefined {
  const due = dueAt(core);
  return due === undefined ? undefined : due - now;
}
