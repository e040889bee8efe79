/** Slices per second at low rates, so that they come evenly. */
const slicesPerSecond = 50;
const largestSlice = 16 * 1024;

/** Spreads bytes evenly over time; an idle time saves nothing up. */
export class Pacer {
  #next = 0;

  /** Milliseconds until the next slice may go. */
  wait(now: number): number {
    return Math.max(0, this.#next - now);
  }

  /** The bytes that may go in one slice at this rate (null: without limit). */
  slice(rate: number | null): number {
    return rate === null ? Infinity : Math.max(1, Math.min(largestSlice, Math.floor(rate / slicesPerSecond)));
  }

  spend(bytes: number, rate: number | null, now: number): void {
    // A late timer must not lower the rate, so a slice counts from when it might have gone.
    const start = now - this.#next > 1000 / slicesPerSecond ? now : this.#next;
    this.#next = rate === null ? now : start + (bytes * 1000) / rate;
  }
}
