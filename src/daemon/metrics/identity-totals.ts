import type { IdentityFigures } from "./view.ts";

interface Sum {
  connections: number;
  rx: number;
  tx: number;
}

/** Series of everybody who came when all others were taken; a client of that name shares it. */
const others = "other";

/**
 * Bytes by identity over the lives of links. The first `most` identities have a series of their own, the rest share one, so
 * that the number of series is bounded whoever comes.
 */
export class IdentityTotals {
  readonly #most: number;
  readonly #sums = new Map<string, Sum>();

  constructor(most: number) {
    this.#most = most;
  }

  /** The links that there are follow. */
  recount(): void {
    for (const sum of this.#sums.values()) sum.connections = 0;
  }

  /** A link, with the bytes that it moved since the count before. */
  count(identity: string, rx: number, tx: number): void {
    const sum = this.#sumOf(identity);
    sum.connections += 1;
    sum.rx += rx;
    sum.tx += tx;
  }

  figures(): IdentityFigures[] {
    return [...this.#sums].map(([identity, sum]) => ({ identity, ...sum }));
  }

  #sumOf(identity: string): Sum {
    const known = this.#sums.get(identity);
    if (known !== undefined) return known;
    const taken = this.#sums.size - (this.#sums.has(others) ? 1 : 0);
    const name = taken < this.#most ? identity : others;
    const sum = this.#sums.get(name) ?? { connections: 0, rx: 0, tx: 0 };
    this.#sums.set(name, sum);
    return sum;
  }
}
