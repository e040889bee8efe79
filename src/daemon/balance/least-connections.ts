import { rendezvous } from "./rendezvous.ts";
import type { Candidate, Strategy } from "./strategy.ts";

/**
 * Counts that servers report are seconds old and the same for a whole fleet: servers this close to the least loaded
 * share the newcomers, or all would go to the same one.
 */
const reportTolerance = 0.1;

/**
 * The fewest connections for its weight. Where servers report their sessions those count, a silent one as the mean of
 * the others. The flow's hash decides between equals, by weight.
 */
export const leastConnections: Strategy = {
  pick(candidates, flow) {
    const meanLoad = meanReported(candidates);
    const loads = candidates.map((candidate) => loadOf(candidate, meanLoad));
    const least = Math.min(...loads);
    const bound = meanLoad === undefined ? least : least * (1 + reportTolerance);
    return rendezvous.pick(
      candidates.filter((_, index) => (loads[index] ?? Infinity) <= bound),
      flow,
    );
  },
};

function loadOf({ sessions, connections, weight }: Candidate, meanLoad: number | undefined): number {
  if (meanLoad === undefined) return connections / weight;
  return sessions === undefined ? meanLoad : sessions / weight;
}

/** Sessions for each unit of weight, over the servers that report; undefined when none does. */
function meanReported(candidates: readonly Candidate[]): number | undefined {
  let sessions = 0;
  let weight = 0;
  for (const candidate of candidates) {
    if (candidate.sessions === undefined) continue;
    sessions += candidate.sessions;
    weight += candidate.weight;
  }
  return weight === 0 ? undefined : sessions / weight;
}
