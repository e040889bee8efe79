import type { Millis } from "../../shared/clock.ts";
import type { Limit } from "./limit.ts";
import type { SharedLevel } from "./shared-level.ts";
import type { Turns } from "./turns.ts";

/**
 * Tokens for bytes or packets, refilled on the caller's clock. Whoever finds a token may take more than there are: the
 * bucket goes into debt, so that a packet larger than the burst passes, and the next one waits until the debt is paid.
 */
export class TokenBucket {
  #limit: Limit;
  #tokens: number;
  #refilledAt: Millis;
  /** Undefined while this thread alone takes from it. */
  #shared: { readonly level: SharedLevel; readonly turns: Turns } | undefined;
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

  /** From now on other threads take from it too. */
  share(level: SharedLevel, turns: Turns): void {
    this.#shared = { level, turns };
    turns.took(0, this.taken);
  }

  /** This thread is the only one again. */
  unshare(now: Millis): void {
    this.#tokens = this.peek(now);
    this.#refilledAt = now;
    this.#shared = undefined;
  }

  /** Changes the limit; tokens are kept up to the new burst, unless the unit is another one. */
  configure(limit: Limit, now: Millis): void {
    const tokens = this.peek(now);
    const kept = limit.unit === this.#limit.unit ? Math.min(tokens, limit.burst) : limit.burst;
    if (this.#shared === undefined) this.#tokens = kept;
    // More than the burst goes by itself; each thread that takes from it comes here.
    else if (limit.unit !== this.#limit.unit) this.#shared.level.begin(kept, now);
    this.#limit = limit;
  }

  /** Tokens at this moment; negative while there is debt. */
  peek(now: Millis): number {
    if (this.#shared !== undefined) return this.#shared.level.peek(now, this.#limit);
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

  /** As `wait`, for packets that can wait: those of other threads that wait too get their turn. */
  waitTurn(now: Millis): Millis {
    const wait = this.wait(now);
    if (this.#shared === undefined) return wait;
    const { turns } = this.#shared;
    const turn = wait > 0 ? wait : this.#yield(turns, now);
    turns.waiting = turn > 0;
    return turn;
  }

  /** Tokens are left lying for who is behind, but no more than it may be late for. */
  #yield(turns: Turns, now: Millis): Millis {
    const { perSecond, burst } = this.#limit;
    const most = Math.min((perSecond * turnTime) / 1000, burst / 2);
    const left = most - this.peek(now);
    return turns.ahead > most && left > 0 ? (left * 1000) / perSecond : 0;
  }

  /** Takes tokens for `packets` packets of `bytes` bytes together, also into debt; wait comes first. */
  take(bytes: number, packets: number): void {
    const amount = this.#limit.unit === "bytes" ? bytes : packets;
    this.taken += amount;
    if (this.#shared === undefined) {
      this.#tokens -= amount;
      return;
    }
    this.#shared.level.take(amount);
    this.#shared.turns.took(amount, this.taken);
  }
}

/** A wait ends with this many tokens: rounding must not leave a waiter at exactly none. */
const wakeAt = 1e-3;
/** Threads take turns of about this length at a bucket that they share. */
const turnTime: Millis = 5;
