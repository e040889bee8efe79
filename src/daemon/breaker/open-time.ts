import type { Millis } from "../../shared/clock.ts";
import { aloneOpenMax, healthyMinute, type Rules } from "./rules.ts";
import type { OpenState } from "./state.ts";

/** Openings not yet paid off by healthy minutes, after one more. Stops growing where the open time does. */
export function oneMoreOpening(openings: number, rules: Rules): number {
  return openTime(openings, rules) >= rules.open_max ? Math.max(1, openings) : openings + 1;
}

/** Before jitter; `openings` counts the present one. */
export function openTime(openings: number, rules: Rules): Millis {
  return openings === 0 ? 0 : Math.min(rules.open_max, rules.open * 2 ** (openings - 1));
}

/** Openings left after having been closed without a failure since `healthySince`. */
export function paidOff(openings: number, healthySince: Millis, now: Millis): number {
  return Math.max(0, openings - Math.floor((now - healthySince) / healthyMinute));
}

/** Half of the time is certain, half is chance. `random` is in [0, 1). */
export function halfJitter(random: number): number {
  return 0.5 + random / 2;
}

/** `alone`: no other backend is eligible. */
export function openUntil(state: OpenState, alone: boolean): Millis {
  const time = alone ? Math.min(state.openTime, aloneOpenMax) : state.openTime;
  return state.since + time * state.jitter;
}
