import type { Clock, Timer } from "../../../src/shared/clock.ts";

/** Lets one waiter wait for a time or for news, whichever comes first. */
export class Pause {
  readonly #clock: Clock;
  #waiting: { timer: Timer | undefined; resolve: () => void } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves after `millis`, or when woken; without `millis` only then. */
  async wait(millis?: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting = { resolve, timer: millis === undefined ? undefined : this.#clock.after(millis, resolve) };
    await promise;
    this.#waiting = undefined;
  }

  wake(): void {
    this.#waiting?.timer?.cancel();
    this.#waiting?.resolve();
  }
}
