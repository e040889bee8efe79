import type { Millis } from "../../shared/clock.ts";

/** A rate limit as it is used: whoever finds no wait may take, also more than there is. */
export interface Limiting {
  /** How long until something may pass; 0 for now. */
  wait(now: Millis): Millis;
  take(bytes: number, packets: number, waited: Millis): void;
}

/** Payload of one full TCP segment, so that a limit in packets has something to count. */
const segment = 1400;
/** setTimeout takes no more. */
const longestTimer: Millis = 2 ** 31 - 1;

/**
 * One direction of a service under its rate limit. Connections that would pass it wait for their turn and are let on one
 * by one: who reads nothing more meanwhile slows its sender down.
 */
export class Gate {
  readonly #now: () => Millis;
  readonly #waiting = new Map<() => void, Millis>();
  #limit: Limiting | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** How long the one waited that was let on last. */
  #waited: Millis = 0;

  constructor(now: () => Millis) {
    this.#now = now;
  }

  /** Under another limit from now on; undefined: under none. */
  set limit(limit: Limiting | undefined) {
    this.#limit = limit;
    this.#arm();
  }

  /** Counts bytes that passed. True: more may follow at once; false: `go` is called when it may. */
  passed(bytes: number, go: () => void): boolean {
    const limit = this.#limit;
    if (limit === undefined) return true;
    const now = this.#now();
    limit.take(bytes, Math.ceil(bytes / segment), this.#waited);
    this.#waited = 0;
    if (limit.wait(now) === 0 && this.#waiting.size === 0) return true;
    this.#waiting.set(go, now);
    this.#arm();
    return false;
  }

  /** It waits no longer. */
  leave(go: () => void): void {
    this.#waiting.delete(go);
  }

  #arm(): void {
    clearTimeout(this.#timer);
    if (this.#waiting.size === 0) return;
    const wait = Math.min(longestTimer, this.#limit?.wait(this.#now()) ?? 0);
    this.#timer = setTimeout(() => this.#next(), wait);
  }

  /** Lets the one on that waited longest; what it reads is counted before the next one is looked at. */
  #next(): void {
    const [first] = this.#waiting;
    if (first === undefined) return;
    const now = this.#now();
    if (this.#limit !== undefined && this.#limit.wait(now) > 0) return this.#arm();
    const [go, since] = first;
    this.#waiting.delete(go);
    this.#waited = now - since;
    go();
    setImmediate(() => this.#arm());
  }
}
