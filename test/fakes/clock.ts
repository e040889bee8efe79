import type { Clock, Millis, Timer } from "../../src/shared/clock.ts";

interface Entry {
  at: Millis;
  every: Millis | undefined;
  run: () => void;
}

/** A clock that stands still until a test advances it; timers run in order of their time, then of their making. */
export class FakeClock implements Clock {
  #now: Millis;
  #wallStart: number;
  #entries = new Set<Entry>();

  constructor(options: { now?: Millis; wall?: number } = {}) {
    this.#now = options.now ?? 0;
    this.#wallStart = (options.wall ?? 1_800_000_000_000) - this.#now;
  }

  now(): Millis {
    return this.#now;
  }

  wall(): number {
    return this.#wallStart + this.#now;
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#entries.size;
  }

  after(delay: Millis, run: () => void): Timer {
    return this.#add({ at: this.#now + Math.max(0, delay), every: undefined, run });
  }

  every(interval: Millis, run: () => void): Timer {
    return this.#add({ at: this.#now + interval, every: interval, run });
  }

  /** Moves on, running what falls due at the moment at which it does. */
  advance(by: Millis): void {
    const until = this.#now + by;
    for (let next = this.#due(until); next !== undefined; next = this.#due(until)) {
      this.#now = next.at;
      if (next.every === undefined) this.#entries.delete(next);
      else next.at += next.every;
      next.run();
    }
    this.#now = until;
  }

  #due(until: Millis): Entry | undefined {
    let first: Entry | undefined;
    for (const entry of this.#entries) if (entry.at <= until && entry.at < (first?.at ?? Infinity)) first = entry;
    return first;
  }

  #add(entry: Entry): Timer {
    this.#entries.add(entry);
    return { cancel: () => void this.#entries.delete(entry) };
  }
}
