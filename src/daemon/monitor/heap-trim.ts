import type { Millis } from "../../shared/clock.ts";

/** Handshakes and ends of connections that leave enough behind to be worth a look at the whole heap. */
const worthIt = 64;
const soonest: Millis = 5000;

/**
 * Gives the kernel back what many handshakes leave in malloc's heap: pieces between what lives on, which malloc keeps for
 * itself. A trim of a thousand sessions' heap takes some milliseconds and gives 20 KiB a session back (malloc_trim(3)).
 */
export class HeapTrim {
  readonly #trim: () => void;
  #changes = 0;
  #trimmedAt: Millis = Number.NEGATIVE_INFINITY;

  constructor(trim: () => void) {
    this.#trim = trim;
  }

  /** A connection came or went. */
  changed(): void {
    this.#changes += 1;
  }

  tick(now: Millis): void {
    if (this.#changes < worthIt || now - this.#trimmedAt < soonest) return;
    this.#changes = 0;
    this.#trimmedAt = now;
    this.#trim();
  }
}
