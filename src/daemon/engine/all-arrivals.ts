import { type Arrival, type Arrivals, mostShown } from "../link/arrival.ts";

const furthestFirst: readonly Arrival["state"][] = ["configuring", "authenticating", "accepting"];

const rank = ({ state }: Arrival): number => furthestFirst.indexOf(state);

/** What every data thread told last of the connections that are no links of a session yet, as one. */
export class AllArrivals {
  readonly #told = new Map<number, Arrivals>();

  heard(thread: number, arrivals: Arrivals): Arrivals {
    this.#told.set(thread, arrivals);
    const all = [...this.#told.values()];
    return {
      count: all.reduce((sum, { count }) => sum + count, 0),
      shown: all
        .flatMap(({ shown }) => shown)
        .toSorted((one, other) => rank(one) - rank(other) || other.age - one.age)
        .slice(0, mostShown),
    };
  }
}
