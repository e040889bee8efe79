import type { LinkReport } from "./counters.ts";
import { type Deliver, Direction } from "./direction.ts";

export type DirectionName = "a_to_b" | "b_to_a";
export const directionNames: readonly DirectionName[] = ["a_to_b", "b_to_a"];

/** Both directions of a link, with independent random numbers from one seed. */
export class Link {
  readonly a_to_b: Direction;
  readonly b_to_a: Direction;
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
    this.a_to_b = new Direction(`${seed}/a_to_b`);
    this.b_to_a = new Direction(`${seed}/b_to_a`);
  }

  /** Delivers what is due in both directions and tells when something is next. */
  advance(now: number, toA: Deliver, toB: Deliver): number | undefined {
    this.a_to_b.advance(now, toB);
    this.b_to_a.advance(now, toA);
    const [there, back] = [this.a_to_b.due, this.b_to_a.due];
    return there === undefined ? back : Math.min(there, back ?? Infinity);
  }

  report(): LinkReport {
    return { seed: this.#seed, a_to_b: this.a_to_b.report(), b_to_a: this.b_to_a.report() };
  }
}
