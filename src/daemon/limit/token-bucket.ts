import type { Millis } from "../../shared/clock.ts";
import type { Limit } from "./limit.ts";

/**
 * Tokens for bytes or packets, refilled on the caller's clock. Whoever finds a token may take more than there are: the
 * bucket goes into debt, so that a packet larger than the burst passes, and the next one waits until the debt is paid.
 */
export class TokenBucket {
  #limit: Limit;
  #tokens: number;
  #refilledAt: Millis;
  /** Bytes or packets that passed, as the limit's unit is. */
  taken = 0;
  /** Packets dropped since they were too many. */
  dropped = 0;
  /** How long the packet that passed last had waited; 0 when nothing waits any longer. */
  waited: Millis = 0;

  constructor(limit: Limit, now: Millis) {
    this.#limit = limit;
    this.#tokens = limit.burst;
    this.#refilledAt = now;
  }

  get limit(): Limit {
    return this.#limit;
  }

  /** Changes the limit; tokens are kept up to the new burst, unless the unit is another one. */
  configure(limit: Limit, now: Millis): void {
    const tokens = this.peek(now);
    this.#tokens = limit.unit === this.#limit.unit ? Math.min(tokens, limit.burst) : limit.burst;
    this.#limit = limit;
  }

  /** Tokens at this moment; negative while there is debt. */
  peek(now: Millis): number {
    const elapsed = now - this.#refilledAt;
    if (elapsed > 0) {
      this.#refilledAt = now;
      this.#tokens = Math.min(this.#limit.burst, this.#tokens + (elapsed * this.#limit.perSecond) / 1000);
    }
    return this.#tokens;
  }

  /** Tokens owed at this moment; 0 when there is no debt. */
  debt(now: Millis): number {
    return Math.max(0, -this.peek(now));
  }

  /** How long until something may be taken; 0 for now. */
  wait(now: Millis): Millis {
    const tokens = this.peek(now);
    return tokens > 0 ? 0 : ((wakeAt - tokens) * 1000) / this.#limit.perSecond;
  }

  /** Takes tokens for `packets` packets of `bytes` bytes together, also into debt; wait comes first. */
  take(bytes: number, packets: number): void {
    const amount = this.#limit.unit === "bytes" ? bytes : packets;
    this.#tokens -= amount;
    this.taken += amount;
  }
}

/** A wait ends with this many tokens: rounding must not leave a waiter at exactly none. */
const wakeAt = 1e-3;
