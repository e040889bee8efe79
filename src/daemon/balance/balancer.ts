import { type Backend, eligible, type EligibleOptions } from "./eligible.ts";
import { failBackTargets } from "./failback.ts";
import type { Candidate, Strategy } from "./strategy.ts";

export type Choice<B> =
  | {
      readonly kind: "chosen";
      readonly backend: B;
      /** Every backend is in bad health; this one is used all the same. */
      readonly panic: boolean;
    }
  | { readonly kind: "none" };

/** Chooses a backend for a new flow or session: first who may take it, then the strategy among those. */
export class Balancer {
  #strategy: Strategy;

  constructor(strategy: Strategy) {
    this.#strategy = strategy;
  }

  /** From now on another strategy chooses. */
  use(strategy: Strategy): void {
    this.#strategy = strategy;
  }

  choose<B extends Backend & Candidate>(backends: readonly B[], options: EligibleOptions): Choice<B> {
    const found = eligible(backends, options);
    if (found.kind === "none") return found;
    const backend = this.#strategy.pick(found.backends, options.flow);
    return backend === undefined ? { kind: "none" } : { kind: "chosen", backend, panic: found.kind === "panic" };
  }

  /** The backend that a session on `current` should go back to by itself, or undefined to stay. */
  failBack<B extends Backend & Candidate>(
    current: Backend,
    backends: readonly B[],
    options: EligibleOptions & { readonly takeoverKeepsFlows: boolean },
  ): B | undefined {
    const targets = failBackTargets(current, eligible(backends, options), options.takeoverKeepsFlows);
    return this.#strategy.pick(targets, options.flow);
  }
}
