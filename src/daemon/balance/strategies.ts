import type { Clock } from "../../shared/clock.ts";
import { leastConnections } from "./least-connections.ts";
import { P2cEwma } from "./p2c-ewma.ts";
import { rendezvous } from "./rendezvous.ts";
import { RoundRobin } from "./round-robin.ts";
import type { Strategy, StrategyName } from "./strategy.ts";
import { WeightedRoundRobin } from "./weighted-round-robin.ts";

export interface StrategyParts {
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  /** Session mode: `hashText` of the client's identity, where its rotation starts. Undefined otherwise. */
  readonly start: number | undefined;
}

export function makeStrategy(name: StrategyName, parts: StrategyParts): Strategy {
  switch (name) {
    case "round_robin":
      return new RoundRobin(parts.start);
    case "weighted_round_robin":
      return new WeightedRoundRobin(parts.start);
    case "least_connections":
      return leastConnections;
    case "p2c_ewma":
      return new P2cEwma(parts.clock, parts.random);
    case "rendezvous":
      return rendezvous;
  }
}
