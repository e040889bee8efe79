import type { Millis } from "../../shared/clock.ts";
import { halfJitter, oneMoreOpening, openTime, paidOff } from "./open-time.ts";
import type { Rules } from "./rules.ts";
import { type Cause, type State, type StateKind, transitions } from "./state.ts";
import { emptyWindow, type Window } from "./window.ts";

/** All that a breaker knows. */
export interface Core {
  readonly state: State;
  /** How the present state was entered; undefined at the start. */
  readonly entered: { readonly from: StateKind; readonly cause: Cause } | undefined;
  /** Grows with each entry into a state. */
  readonly generation: number;
  readonly window: Window;
  /** Openings not yet paid off by healthy minutes; the minutes of the present closed state are still to be taken off. */
  readonly openings: number;
  /** Why it last opened. */
  readonly lastCause: Cause | undefined;
  /** No other backend is eligible. */
  readonly alone: boolean;
}

/** In [0, 1). */
export type Random = () => number;

/** What a move is decided by, besides what is known. */
export interface Circumstances {
  readonly rules: Rules;
  readonly now: Millis;
  readonly random: Random;
}

export function newCore(rules: Rules, now: Millis): Core {
  return {
    state: automatic(rules, now),
    entered: undefined,
    generation: 0,
    window: emptyWindow(rules.window),
    openings: 0,
    lastCause: undefined,
    alone: false,
  };
}

/** The state in which nobody has decided anything. */
export function automatic(rules: Rules, now: Millis): State {
  return rules.mode === "observe" ? { kind: "observe" } : closedState(now);
}

/** Throws when the table of transitions refuses the move: a broken promise of this folder. */
export function enter(core: Core, state: State, cause: Cause, now: Millis): Core {
  const from = core.state;
  if (!transitions[from.kind][state.kind].includes(cause))
    throw new Error(`a breaker can't go from ${from.kind} to ${state.kind} by ${cause}`);
  const openings = openingsLeft(core, now);
  return { ...core, state, entered: { from: from.kind, cause }, generation: core.generation + 1, openings };
}

/** Openings that healthy minutes have not paid off by `now`. */
export function openingsLeft({ state, openings }: Core, now: Millis): number {
  return state.kind === "closed" ? paidOff(openings, state.healthySince, now) : openings;
}

export function open(core: Core, cause: Cause, { rules, now, random }: Circumstances): Core {
  const openings = oneMoreOpening(openingsLeft(core, now), rules);
  const state: State = { kind: "open", since: now, openTime: openTime(openings, rules), jitter: halfJitter(random()) };
  return { ...enter(core, state, cause, now), openings, lastCause: cause };
}

export function halfOpen(core: Core, now: Millis): Core {
  const state: State = { kind: "half_open", probes: [], passed: 0, passedSlowly: 0, quietSince: now };
  return enter(core, state, "open_time_over", now);
}

/** The failures that opened it are no measure of what comes after: the window starts empty. */
export function close(core: Core, { rules, now }: Circumstances): Core {
  return { ...enter(core, closedState(now), "probes_passed", now), window: emptyWindow(rules.window) };
}

function closedState(now: Millis): State {
  return { kind: "closed", failuresInRow: 0, healthySince: now };
}
