import type { Millis } from "../../shared/clock.ts";

/** Part of the loop's time that handshakes get while sessions are active, so that with accepting connections it stays near half. */
const share = 0.45;
/** Handshakes that may begin one right after another, so that no packet waits longer than for these. */
const burst = 3;
/** A mutual handshake with P-256 on one core; what a loop of this machine needs shows in its first busy moments. */
const firstCost: Millis = 1;
const leastCost: Millis = 0.1;
/** Fewer within one look say nothing about what one costs. */
const enough = 20;

/** How far a handshake came: the client said nothing, it went away in between, it is done. */
export type HandshakeEnd = "silent" | "broken" | "whole";

/** What it costs then, as a part of a whole one: bench:workers has half for an answered ClientHello; the silent one's is an estimate. */
const costOf: Record<HandshakeEnd, number> = { silent: 0.2, broken: 0.5, whole: 1 };

/** What the loop did since the last look. */
export interface LoopLook {
  /** Time in which it worked. */
  readonly busy: Millis;
  /** Whether packets of sessions passed. */
  readonly active: boolean;
}

/**
 * Keeps handshakes from taking the loop that live sessions need. They run inside Node, where nothing can time them, so each
 * is charged what a whole one costs, and gets back what it did not take: that cost is the loop's work divided by the handshakes
 * that ended. Packets count as work as well, so a look at a loop that carries packets can only lower the figure.
 */
export class HandshakeBudget {
  #cost = firstCost;
  #active = false;
  /** Whole handshakes since the last look, or as many parts. */
  #ended = 0;
  /** Milliseconds of handshakes that may begin; below zero after one that took the last. */
  #tokens: Millis = 0;
  #at: Millis;

  constructor(now: Millis) {
    this.#at = now;
  }

  /** What a whole handshake is taken to cost. */
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
    this.#tokens -= this.#cost;
  }

  /** One that began came so far. */
  end(end: HandshakeEnd): void {
    this.#ended += costOf[end];
    this.#tokens += (1 - costOf[end]) * this.#cost;
  }

  /** A few times a second. */
  look({ busy, active }: LoopLook, now: Millis): void {
    if (this.#ended >= enough) {
      const seen = Math.max(leastCost, busy / this.#ended);
      if (!active || seen < this.#cost) this.#cost += (seen - this.#cost) / 4;
    }
    this.#ended = 0;
    if (active && !this.#active) {
      this.#tokens = burst * this.#cost;
      this.#at = now;
    }
    this.#active = active;
  }
}
