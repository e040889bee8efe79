import type { Clock } from "../../shared/clock.ts";
import { decayed } from "./rtt.ts";
import type { Candidate, Strategy } from "./strategy.ts";

/** Keeps an estimate that decayed to nothing from hiding how much is in flight. */
const least = 0.001;
/** A backend that was given work and has not answered once costs more than any that did. */
const unanswered = 1e9;

/**
 * The cheaper of two that are drawn at random, so that no backend is every daemon's favourite (Mitzenmacher, "The power
 * of two choices", 2001). Cost = (in flight + 1) × round trip / weight. `random` is in [0, 1).
 */
export class P2cEwma implements Strategy {
  readonly #clock: Clock;
  readonly #random: () => number;

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  pick<C extends Candidate>(candidates: readonly C[]): C | undefined {
    if (candidates.length < 2) return candidates[0];
    const firstAt = Math.floor(this.#random() * candidates.length);
    const step = 1 + Math.floor(this.#random() * (candidates.length - 1));
    const first = candidates[firstAt];
    const second = candidates[(firstAt + step) % candidates.length];
    if (first === undefined || second === undefined) return undefined;
    return this.#cost(second) < this.#cost(first) ? second : first;
  }

  #cost({ connections, rtt, weight }: Candidate): number {
    if (rtt === undefined && connections === 0) return 0;
    const trip = rtt === undefined ? unanswered : Math.max(least, decayed(rtt, this.#clock.now()));
    return ((connections + 1) * trip) / weight;
  }
}
