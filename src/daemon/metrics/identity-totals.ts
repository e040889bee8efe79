import type { IdentityFigures } from "./view.ts";

/** One link as it is now; its bytes only grow. */
export interface LinkBytes {
  readonly link: number;
  readonly identity: string;
  readonly rx: number;
  readonly tx: number;
}

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
  #last = new Map<number, LinkBytes>();

  constructor(most: number) {
    this.#most = most;
  }

  sample(links: Iterable<LinkBytes>): void {
    for (const sum of this.#sums.values()) sum.connections = 0;
    const seen = new Map<number, LinkBytes>();
    for (const link of links) {
      const before = this.#last.get(link.link);
      const sum = this.#sumOf(link.identity);
      sum.connections += 1;
      sum.rx += Math.max(0, link.rx - (before?.rx ?? 0));
      sum.tx += Math.max(0, link.tx - (before?.tx ?? 0));
      seen.set(link.link, link);
    }
    this.#last = seen;
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
