import type { Millis } from "../../shared/clock.ts";

/** Handshakes and ends of connections that leave enough behind to be worth a look at the whole heap. */
const worthIt = 64;
/** In a second: with so many, more is about to follow. */
const busy = 16;
const soonest: Millis = 5000;
/** While connections come and go without a pause. */
const latest: Millis = 20_000;

/**
 * Gives the kernel back what the daemon's start and many handshakes leave in malloc's heap: pieces between what lives on,
 * which malloc keeps for itself (malloc_trim(3)). Whoever allocates waits meanwhile, 20 ms with ten thousand sessions: it is done once connections
 * have settled.
 */
export class HeapTrim {
  readonly #trim: () => void;
  /** The start left as much. */
  #changes = worthIt;
  #changesBefore = 0;
  #trimmedAt: Millis = Number.NEGATIVE_INFINITY;
  /** When there was first enough to trim. */
  #worthItSince: Millis | undefined;

  constructor(trim: () => void) {
    this.#trim = trim;
  }

  /** A connection came or went. */
  changed(): void {
    this.#changes += 1;
  }

  /** Once a second. */
  tick(now: Millis): void {
    const settled = this.#changes - this.#changesBefore < busy;
    this.#changesBefore = this.#changes;
    if (this.#changes < worthIt) return;
    this.#worthItSince ??= now;
    if (settled ? now - this.#trimmedAt < soonest : now - this.#worthItSince < latest) return;
    this.#worthItSince = undefined;
    this.#changes = 0;
    this.#changesBefore = 0;
    this.#trimmedAt = now;
    this.#trim();
  }
}
