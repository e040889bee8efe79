import type { Millis } from "../../shared/clock.ts";
import type { Limit } from "./limit.ts";

/** Where the tokens of a bucket lie that several threads take from. */
export interface LevelCells {
  readonly values: Float64Array<SharedArrayBuffer>;
  readonly tokens: number;
  /** When they were refilled last, on the clock that all threads of the process have. */
  readonly at: number;
  /** Its memory is a lock: not 0 while a thread is at the other two. */
  readonly lock: number;
}

/**
 * The tokens of a bucket in shared memory. A thread that finds another one at them does not wait: it goes by what it saw
 * last, and pays what it takes meanwhile when it looks next.
 */
export class SharedLevel {
  readonly #values: Float64Array;
  readonly #tokens: number;
  readonly #at: number;
  readonly #lock: Int32Array;
  #seen = 0;
  #owed = 0;

  constructor({ values, tokens, at, lock }: LevelCells) {
    this.#values = values;
    this.#tokens = tokens;
    this.#at = at;
    this.#lock = new Int32Array(values.buffer, values.byteOffset + lock * values.BYTES_PER_ELEMENT, 1);
  }

  /** Sets out with these tokens. */
  begin(tokens: number, now: Millis): void {
    this.#values[this.#tokens] = tokens;
    this.#values[this.#at] = now;
    Atomics.store(this.#lock, 0, 0);
  }

  /** Tokens at this moment; negative while there is debt. */
  peek(now: Millis, { perSecond, burst }: Limit): number {
    if (Atomics.compareExchange(this.#lock, 0, 0, 1) === 0) {
      const elapsed = Math.max(0, now - (this.#values[this.#at] ?? now));
      const tokens = (this.#values[this.#tokens] ?? 0) - this.#owed + (elapsed * perSecond) / 1000;
      this.#owed = 0;
      this.#seen = Math.min(burst, tokens);
      this.#values[this.#tokens] = this.#seen;
      if (elapsed > 0) this.#values[this.#at] = now;
      Atomics.store(this.#lock, 0, 0);
    }
    return this.#seen - this.#owed;
  }

  take(amount: number): void {
    this.#owed += amount;
  }
}
