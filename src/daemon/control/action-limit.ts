import type { Millis } from "../../shared/clock.ts";

/** A token bucket for actions: `perSecond` of them at once, refilled at that rate. */
export class ActionLimit {
  #perSecond: number;
  #tokens: number;
  #at: Millis;

  constructor(perSecond: number, now: Millis) {
    this.#perSecond = perSecond;
    this.#tokens = perSecond;
    this.#at = now;
  }

  /** Takes one token; false when there is none. */
  take(now: Millis): boolean {
    this.#tokens = Math.min(this.#perSecond, this.#tokens + ((now - this.#at) * this.#perSecond) / 1_000);
    this.#at = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
