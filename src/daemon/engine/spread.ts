import { systemClock } from "../../shared/clock.ts";
import { makeStrategy } from "../balance/strategies.ts";
import type { Strategy, StrategyName } from "../balance/strategy.ts";
import type { GroupChooser } from "../session/data-session.ts";

/** A server that may take new flows. */
export interface SpreadServer {
  /** Number of its links. */
  readonly group: number;
  readonly name: string;
  /** Effective weight. */
  readonly weight: number;
  /** Peak estimate of its round trip in milliseconds, as of now. */
  readonly rtt: number | undefined;
}

/** Chooses the server of each new flow by the configured strategy, among those that the control plane admits. */
export class Spread {
  readonly strategy: StrategyName;
  readonly #strategy: Strategy;
  #servers: readonly SpreadServer[] = [];

  constructor(name: StrategyName) {
    this.strategy = name;
    this.#strategy = makeStrategy(name, { clock: systemClock, random: Math.random, start: undefined });
  }

  use(servers: readonly SpreadServer[]): void {
    this.#servers = servers;
  }

  /** Flows of a server that takes none at the moment, or of which nothing is known, go wherever a link is. */
  readonly choose: GroupChooser = (flow, groups, flowsOf) => {
    const at = performance.now();
    const candidates = this.#servers
      .filter(({ group }) => groups.has(group))
      .map(({ group, name, weight, rtt }) => ({
        group,
        name,
        weight,
        connections: flowsOf(group),
        sessions: undefined,
        rtt: rtt === undefined ? undefined : { estimate: rtt, at },
      }));
    return this.#strategy.pick(candidates, flow)?.group;
  };
}
