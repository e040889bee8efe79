import type { Acceptor } from "../link/acceptor.ts";
import { type Arrival, type Arrivals, mostShown } from "../link/arrival.ts";
import type { HeldLink, LinkTable } from "./link-table.ts";

/** Tells the control plane of the connections that are no links of a session yet, while there are any. */
export class ArrivalWatch {
  readonly #links: LinkTable;
  readonly #tell: (arrivals: Arrivals) => void;
  /** Links whose HELLO had not come when they were last looked at. */
  readonly #secured = new Set<HeldLink>();
  #told = 0;

  constructor(links: LinkTable, tell: (arrivals: Arrivals) => void) {
    this.#links = links;
    this.#tell = tell;
  }

  /** TLS is done, HELLO is awaited. */
  secured(held: HeldLink | undefined): void {
    if (held !== undefined) this.#secured.add(held);
  }

  tick(acceptor: Acceptor): void {
    for (const held of this.#secured) {
      if (held.greeted || this.#links.get(held.link.id) !== held) this.#secured.delete(held);
    }
    const count = this.#secured.size + acceptor.pending;
    if (count === 0 && this.#told === 0) return;
    this.#told = count;
    const shown = [...this.#awaited(mostShown), ...acceptor.arrivals(mostShown)].slice(0, mostShown);
    this.#tell({ count, shown });
  }

  #awaited(most: number): Arrival[] {
    const now = performance.now();
    return [...this.#secured].slice(0, most).map(({ link, authenticateMs, securedAt }) => {
      const { id, remote, identity } = link;
      return { link: id, remote, identity, state: "configuring", age: now - securedAt + authenticateMs };
    });
  }
}
