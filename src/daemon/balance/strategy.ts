import type { PeakRtt } from "./rtt.ts";

/** What a strategy knows of one backend that may take a new flow or session. */
export interface Candidate {
  /** Unique and stable: strategies remember backends by it. */
  readonly name: string;
  /** Effective weight, above 0. */
  readonly weight: number;
  /** Flows or connections that this daemon has on it. */
  readonly connections: number;
  /** Sessions that the server says it has (WELCOME, PONG); undefined when not told, or when flows are spread. */
  readonly sessions: number | undefined;
  /** Undefined before the first measured round trip. */
  readonly rtt: PeakRtt | undefined;
}

/** A way of choosing. What it must remember between choices it keeps itself, by name. */
export interface Strategy {
  /**
   * One of `candidates`, which come in configured order; undefined only when there are none. `flow` is an unsigned
   * 32-bit hash of what is placed: of a flow's addresses and ports, or of the client's identity.
   */
  pick<C extends Candidate>(candidates: readonly C[], flow: number): C | undefined;
}

/** As in the configuration: `balancer.strategy`, `services[].strategy`. */
export type StrategyName = "round_robin" | "least_connections" | "weighted_round_robin" | "p2c_ewma" | "rendezvous";
