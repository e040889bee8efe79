import type { Millis } from "../../shared/clock.ts";
import type { CheckState } from "./check-state.ts";

/** Between checks while the answer may be about to change. */
const fastInterval: Millis = 1000;
const jitterRange = 0.1;
/** Sessions that add one interval's length to the interval: 10,000 make 15 s of 5 s. */
const sessionsPerStretch = 5000;

export interface ProbeRules {
  /** `health.interval`. */
  readonly interval: Millis;
  /** Factor on the interval, at least 1 (`stretch`). */
  readonly stretch: number;
}

/** How much longer a server with this many sessions makes the interval between keep-alives. */
export function stretch(sessions: number): number {
  return 1 + sessions / sessionsPerStretch;
}

/**
 * When the next check is due after one that began at `last`; undefined `last`: at once. The interval has a jitter of
 * ±10 %; after the first miss, and while a backend that was down answers, it is one second. `random` is in [0, 1).
 */
export function nextProbeAt(
  state: CheckState,
  last: Millis | undefined,
  now: Millis,
  rules: ProbeRules,
  random: number,
): Millis {
  if (last === undefined) return now;
  const regular = rules.interval * rules.stretch * (1 - jitterRange + 2 * jitterRange * random);
  return last + (undecided(state) ? Math.min(fastInterval, regular) : regular);
}

/** Whether the last checks contradict what is believed. */
function undecided(state: CheckState): boolean {
  return state.kind === "down" ? state.successes > 0 : state.failures > 0;
}
