import type { Millis } from "../../shared/clock.ts";

/** Part of the loop's time that handshakes get while sessions are active. */
const share = 0.5;
/** Handshakes that may begin one right after another, so that no packet waits longer than for these. */
const burst = 3;
/** A mutual handshake with P-256 on one core; what a loop of this machine needs shows in its first busy moments. */
const firstCost: Millis = 1;
const leastCost: Millis = 0.1;
/** Fewer within one look say nothing about what one costs. */
const enough = 20;

/** What the loop did since the last look. */
export interface LoopLook {
  /** Time in which it worked. */
  readonly busy: Millis;
  /** Whether packets of sessions passed. */
  readonly active: boolean;
}

/**
 * Keeps handshakes from taking the loop that live sessions need. They run inside Node, where nothing can time them, so each
 * is charged what one costs on average: the loop's work divided by the handshakes begun. Packets count as work as well, so
 * a look at a loop that carries packets can only lower the figure.
 */
export class HandshakeBudget {
  #cost = firstCost;
  #active = false;
  #begun = 0;
  /** Milliseconds of handshakes that may begin; below zero after one that took the last. */
  #tokens: Millis = 0;
  #at: Millis;

  constructor(now: Millis) {
    this.#at = now;
  }

  /** What a handshake is taken to cost. */
  get cost(): Millis {
    return this.#cost;
  }

  /** How long the next handshake has to wait; 0 when it may begin. */
  wait(now: Millis): Millis {
    if (!this.#active) return 0;
    this.#tokens = Math.min(burst * this.#cost, this.#tokens + (now - this.#at) * share);
    this.#at = now;
    return this.#tokens > 0 ? 0 : Math.max(1, -this.#tokens / share);
  }

  /** A handshake begins. */
  take(): void {
    this.#begun += 1;
    this.#tokens -= this.#cost;
  }

  /** A few times a second. */
  look({ busy, active }: LoopLook, now: Millis): void {
    const seen = Math.max(leastCost, busy / this.#begun);
    if (this.#begun >= enough) {
      if (active) this.#cost = Math.min(this.#cost, seen);
      else this.#cost += (seen - this.#cost) / 4;
    }
    this.#begun = 0;
    if (active && !this.#active) {
      this.#tokens = burst * this.#cost;
      this.#at = now;
    }
    this.#active = active;
  }
}
