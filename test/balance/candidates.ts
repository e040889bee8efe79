import type { Backend } from "../../src/daemon/balance/eligible.ts";
import type { Candidate } from "../../src/daemon/balance/strategy.ts";

export function candidate(name: string, weight = 1, rest: Partial<Candidate> = {}): Candidate {
  return { name, weight, connections: 0, sessions: undefined, rtt: undefined, ...rest };
}

/** `a`, `b`, `c`… with these weights. */
export function weighted(...weights: number[]): Candidate[] {
  return weights.map((weight, index) => candidate(String.fromCodePoint(97 + index), weight));
}

export type Both = Backend & Candidate;

export function backend(name: string, rest: Partial<Both> = {}): Both {
  return {
    ...candidate(name, 100),
    priority: 0,
    admin: "ready",
    operational: "up",
    ramp: 1,
    rejected: false,
    ...rest,
  };
}

export function countBy<T>(items: Iterable<T>, key: (item: T) => string | undefined): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) {
    const name = key(item) ?? "none";
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** mulberry32: the same numbers in [0, 1) for the same seed. */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
