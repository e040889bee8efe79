import { hashText, mix, unit } from "./hash.ts";
import type { Candidate, Strategy } from "./strategy.ts";

/**
 * Smooth weighted round robin, as nginx's: each pick gives everybody its weight in credit, the richest is chosen and
 * pays the sum. Weights 5, 1, 1 give a a b a c a a. With `start`, the hash of an identity, the rotation begins at a
 * place in that sequence which the hash chooses, and the hash decides between equals: first choices of a fleet follow
 * the weights, and those of one dead server spread over the others.
 */
export class WeightedRoundRobin implements Strategy {
  readonly #credit = new Map<string, number>();
  readonly #start: number | undefined;
  #started = false;
  #total = 0;

  constructor(start: number | undefined) {
    this.#start = start;
  }

  pick<C extends Candidate>(candidates: readonly C[]): C | undefined {
    if (candidates.length === 0) return undefined;
    this.#scale(candidates.reduce((sum, { weight }) => sum + weight, 0));
    if (!this.#started) this.#begin(candidates);
    return this.#next(candidates);
  }

  /** Weights are whole when a daemon starts, so the sequence repeats after as many picks as their sum. */
  #begin(candidates: readonly Candidate[]): void {
    this.#started = true;
    if (this.#start === undefined) return;
    const place = Math.floor(unit(mix(this.#start, 0)) * this.#total);
    for (let turn = 0; turn < place; turn++) this.#next(candidates);
  }

  #next<C extends Candidate>(candidates: readonly C[]): C | undefined {
    let best: C | undefined;
    let bestCredit = -Infinity;
    for (const candidate of candidates) {
      const credit = (this.#credit.get(candidate.name) ?? 0) + candidate.weight;
      this.#credit.set(candidate.name, credit);
      if (credit < bestCredit || (credit === bestCredit && best !== undefined && !this.#before(candidate, best)))
        continue;
      best = candidate;
      bestCredit = credit;
    }
    if (best !== undefined) this.#credit.set(best.name, bestCredit - this.#total);
    return best;
  }

  /** Credit stands for picks: when the weights shrink so does what is owed, or old debts would starve somebody. */
  #scale(total: number): void {
    if (total === this.#total) return;
    if (this.#total > 0) {
      for (const [name, credit] of this.#credit) this.#credit.set(name, (credit * total) / this.#total);
    }
    this.#total = total;
  }

  #before(one: Candidate, other: Candidate): boolean {
    if (this.#start === undefined) return false;
    return mix(this.#start, hashText(one.name)) < mix(this.#start, hashText(other.name));
  }
}
