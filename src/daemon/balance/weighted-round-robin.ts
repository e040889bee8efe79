import { hashText, mix, unit } from "./hash.ts";
import { byWeight } from "./share.ts";
import type { Candidate, Strategy } from "./strategy.ts";

/**
 * Smooth weighted round robin, as nginx's: each pick gives everybody its weight in credit, the richest is chosen and
 * pays the sum. Weights 5, 1, 1 give a a b a c a a. With `start`, the hash of an identity, the rotation begins at a
 * place in that sequence which the hash chooses, and the hash decides between equals; when whoever was chosen last is
 * gone, the hash draws among the others. So the first choices of a fleet follow the weights, and so do those after the
 * death of a server, where the sequence would send everybody to the same one.
 */
export class WeightedRoundRobin implements Strategy {
  readonly #credit = new Map<string, number>();
  readonly #start: number | undefined;
  #started = false;
  #last: string | undefined;
  /** Who was chosen and then gone, one after the other. */
  readonly #gone = new Set<string>();
  #draws = 0;
  #total = 0;

  constructor(start: number | undefined) {
    this.#start = start;
  }

  pick<C extends Candidate>(candidates: readonly C[]): C | undefined {
    if (candidates.length === 0) return undefined;
    this.#scale(candidates.reduce((sum, { weight }) => sum + weight, 0));
    if (!this.#started) this.#begin(candidates);
    const chosen = this.#another(candidates) ?? this.#richest(candidates);
    if (chosen !== undefined) this.#charge(candidates, chosen);
    this.#last = chosen?.name;
    return chosen;
  }

  /** Instead of one that is gone: by weight, among those that were not tried since. */
  #another<C extends Candidate>(candidates: readonly C[]): C | undefined {
    const last = this.#last;
    if (this.#start === undefined || last === undefined || candidates.some(({ name }) => name === last)) {
      this.#gone.clear();
      return undefined;
    }
    this.#gone.add(last);
    const untried = candidates.filter(({ name }) => !this.#gone.has(name));
    if (untried.length === 0) this.#gone.clear();
    return byWeight(untried.length === 0 ? candidates : untried, unit(mix(this.#start, ++this.#draws)));
  }

  /** Weights are whole when a daemon starts, so the sequence repeats after as many picks as their sum. */
  #begin(candidates: readonly Candidate[]): void {
    this.#started = true;
    if (this.#start === undefined) return;
    const place = Math.floor(unit(mix(this.#start, 0)) * this.#total);
    for (let turn = 0; turn < place; turn++) {
      const next = this.#richest(candidates);
      if (next !== undefined) this.#charge(candidates, next);
    }
  }

  /** Who has most with the credit of this pick. */
  #richest<C extends Candidate>(candidates: readonly C[]): C | undefined {
    let best: C | undefined;
    let bestCredit = -Infinity;
    for (const candidate of candidates) {
      const credit = (this.#credit.get(candidate.name) ?? 0) + candidate.weight;
      if (credit < bestCredit || (credit === bestCredit && best !== undefined && !this.#before(candidate, best)))
        continue;
      best = candidate;
      bestCredit = credit;
    }
    return best;
  }

  #charge(candidates: readonly Candidate[], chosen: Candidate): void {
    for (const { name, weight } of candidates) {
      const credit = (this.#credit.get(name) ?? 0) + weight;
      this.#credit.set(name, name === chosen.name ? credit - this.#total : credit);
    }
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
