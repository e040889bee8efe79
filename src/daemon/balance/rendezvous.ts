import { hashText, mix, unit } from "./hash.ts";
import type { Candidate, Strategy } from "./strategy.ts";

/**
 * Weighted rendezvous hashing: a flow keeps its backend while that is there, and flows of the others stay when one
 * goes. A backend's share is its weight's (Schindelhauer and Schomaker, "Weighted distributed hash tables", 2005).
 */
export const rendezvous: Strategy = {
  pick(candidates, flow) {
    let best: (typeof candidates)[number] | undefined;
    let bestScore = -Infinity;
    for (const candidate of candidates) {
      const score = scoreOf(candidate, flow);
      if (score <= bestScore) continue;
      best = candidate;
      bestScore = score;
    }
    return best;
  },
};

function scoreOf(candidate: Candidate, flow: number): number {
  return -candidate.weight / Math.log(unit(mix(flow, hashText(candidate.name))));
}
