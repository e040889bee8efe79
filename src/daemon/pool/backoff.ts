import type { Millis } from "../../shared/clock.ts";

const base: Millis = 250;
const ceiling: Millis = 30_000;

/**
 * How long to wait before attempt `attempt` (0 is the first): full jitter, so that a fleet which lost its server does
 * not come back at once (Brooker, "Exponential Backoff and Jitter", 2015). `random` is in [0, 1).
 */
export function backoff(attempt: number, random: number): Millis {
  return random * Math.min(ceiling, base * 2 ** Math.min(attempt, 16));
}
