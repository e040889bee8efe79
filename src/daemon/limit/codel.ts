import type { Millis } from "../../shared/clock.ts";

/** Delay of a queue that is good, and the time in which it must have been so at least once (RFC 8289, section 4.4). */
const codelTarget: Millis = 5;
export const codelInterval: Millis = 100;
/** A queue of less than a packet is no standing queue. */
const packetBytes = 1514;

/** CoDel's decision on one flow, as in RFC 8289, section 5. */
export class CoDel {
  /** When the delay will have been over target for a whole interval; 0: it is not over. */
  #firstAbove: Millis = 0;
  #dropNext: Millis = 0;
  #count = 0;
  #lastCount = 0;
  #dropping = false;

  /** Whether to drop the item that has waited for `sojourn`, with `behind` bytes behind it, at `pace` bytes a ms. */
  drops(sojourn: Millis, behind: number, pace: number, now: Millis): boolean {
    const target = Math.max(codelTarget, (1.5 * packetBytes) / pace);
    const tooLong = this.#tooLong(sojourn, target, behind, now);
    if (!this.#dropping) {
      if (!tooLong) return false;
      this.#begin(now);
      return true;
    }
    if (!tooLong) {
      this.#dropping = false;
      return false;
    }
    if (now < this.#dropNext) return false;
    this.#count += 1;
    this.#dropNext += this.#spacing();
    return true;
  }

  /** The flow has nothing left. */
  empty(): void {
    this.#firstAbove = 0;
    this.#dropping = false;
  }

  #tooLong(sojourn: Millis, target: Millis, behind: number, now: Millis): boolean {
    if (sojourn < target || behind < packetBytes) {
      this.#firstAbove = 0;
      return false;
    }
    if (this.#firstAbove === 0) {
      this.#firstAbove = now + codelInterval;
      return false;
    }
    return now >= this.#firstAbove;
  }

  #begin(now: Millis): void {
    this.#dropping = true;
    const since = this.#count - this.#lastCount;
    // Where the last drops left off, if that was lately: the rate that helped then will help now.
    const lately = now - this.#dropNext < 16 * codelInterval;
    this.#count = since > 1 && lately ? since : 1;
    this.#lastCount = this.#count;
    this.#dropNext = now + this.#spacing();
  }

  #spacing(): Millis {
    return codelInterval / Math.sqrt(this.#count);
  }
}
