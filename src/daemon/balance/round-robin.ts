import { hashText, mix, unit } from "./hash.ts";
import { byWeight } from "./share.ts";
import type { Candidate, Strategy } from "./strategy.ts";

/**
 * Each in turn, whatever its weight: whoever waits longest is next, so the turn survives backends that come and go.
 * With `start`, the hash of an identity, the first is chosen by weight and the order is the identity's own: a fleet
 * neither starts at one server nor fails over to one.
 */
export class RoundRobin implements Strategy {
  readonly #start: number | undefined;
  readonly #picked = new Map<string, number>();
  #turn = 0;

  constructor(start: number | undefined) {
    this.#start = start;
  }

  pick<C extends Candidate>(candidates: readonly C[]): C | undefined {
    const chosen =
      this.#turn === 0 && this.#start !== undefined
        ? byWeight(candidates, unit(mix(this.#start, 0)))
        : this.#longestWaiting(candidates);
    if (chosen !== undefined) this.#picked.set(chosen.name, ++this.#turn);
    return chosen;
  }

  #longestWaiting<C extends Candidate>(candidates: readonly C[]): C | undefined {
    let best: C | undefined;
    for (const candidate of candidates) if (best === undefined || this.#before(candidate, best)) best = candidate;
    return best;
  }

  #before(one: Candidate, other: Candidate): boolean {
    const difference = (this.#picked.get(one.name) ?? 0) - (this.#picked.get(other.name) ?? 0);
    if (difference !== 0 || this.#start === undefined) return difference < 0;
    return mix(this.#start, hashText(one.name)) < mix(this.#start, hashText(other.name));
  }
}
