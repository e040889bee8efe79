import type { DirectionSettings } from "./settings.ts";

type Limits = Pick<DirectionSettings, "rate_bits" | "queue_bytes">;

/** How long `bytes` take on the wire, in milliseconds. */
function sendingTime(bytes: number, rateBits: number | null): number {
  return rateBits === null ? 0 : (bytes * 8000) / rateBits;
}

/**
 * A bounded first-in first-out queue before a wire of a given rate. Times follow from the frames alone, not from when
 * somebody looks, so that the rate is exact however late `release` is called.
 */
export class Bottleneck<T extends { readonly size: number }> {
  #limits: Limits;
  #waiting: T[] = [];
  #bytes = 0;
  /** When the first of those that wait has left; meaningless when none does. */
  #headLeaves = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  get frames(): number {
    return this.#waiting.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** When the next frame leaves, if one waits. */
  get due(): number | undefined {
    return this.#waiting.length === 0 ? undefined : this.#headLeaves;
  }

  /** Sets other limits. The frame being sent is through by the time it would take at the new rate from now. */
  limit(limits: Limits, now: number): void {
    this.#limits = limits;
    const head = this.#waiting[0];
    if (head === undefined) return;
    this.#headLeaves = Math.min(this.#headLeaves, now + sendingTime(head.size, limits.rate_bits));
  }

  /** Takes a frame; false when it found no room. A frame that finds the wire idle always has room. */
  offer(frame: T, now: number): boolean {
    if (this.#waiting.length === 0) this.#headLeaves = now + sendingTime(frame.size, this.#limits.rate_bits);
    else if (this.#bytes + frame.size > this.#limits.queue_bytes) return false;
    this.#waiting.push(frame);
    this.#bytes += frame.size;
    return true;
  }

  /** Hands out what has left until `now`, with the moment at which each did. */
  release(now: number, left: (frame: T, at: number) => void): void {
    for (let head = this.#waiting[0]; head !== undefined && this.#headLeaves <= now; head = this.#waiting[0]) {
      const at = this.#headLeaves;
      this.#waiting.shift();
      this.#bytes -= head.size;
      const next = this.#waiting[0];
      if (next !== undefined) this.#headLeaves = at + sendingTime(next.size, this.#limits.rate_bits);
      left(head, at);
    }
  }
}
