import type { Clock } from "../../shared/clock.ts";
import { counterIndex } from "../metrics/counters.ts";
import { Pacer } from "./pacer.ts";
import type { FlowSession } from "./ports.ts";
import type { Waiting } from "./waiting.ts";
import { type Budget, Shaper, type ShaperHandlers } from "./shaper.ts";

/** The shapers of all sessions of a data thread; made when the first packet for a session comes. */
export class Shapers {
  readonly #pacer: Pacer;
  readonly #shapers = new Map<FlowSession, Shaper>();
  readonly #budget: Budget;
  readonly #handlers: ShaperHandlers;

  constructor(parts: {
    clock: Pick<Clock, "now" | "after">;
    counters: Float64Array;
    /** That may wait in all sessions together. */
    queueBytes: number;
    /** Packets had to wait for a bucket, or for a link to take more. */
    waited: ShaperHandlers["waited"];
  }) {
    const { counters } = parts;
    this.#pacer = new Pacer(parts.clock);
    this.#budget = { limit: parts.queueBytes, used: 0 };
    this.#handlers = {
      sent: ({ inner }) => {
        counters[counterIndex.frames_accepted]! += 1;
        counters[counterIndex.tx_packets]! += 1;
        counters[counterIndex.tx_bytes]! += inner;
      },
      dropped: (reason) => {
        counters[counterIndex[reason]]! += 1;
      },
      waited: parts.waited,
    };
  }

  of(session: FlowSession): Shaper {
    const existing = this.#shapers.get(session);
    if (existing !== undefined) return existing;
    const shaper = new Shaper(session, this.#budget, this.#handlers);
    this.#shapers.set(session, shaper);
    return shaper;
  }

  /** A packet for the session waits; run comes after. */
  added(session: FlowSession): void {
    const shaper = this.#shapers.get(session);
    if (shaper !== undefined) this.#pacer.add(shaper);
  }

  /** What waits for the session may go now: a link has room, or another limit holds. */
  wake(session: FlowSession): void {
    const shaper = this.#shapers.get(session);
    if (shaper !== undefined) this.#pacer.wake(shaper);
  }

  /** Sends what can go. */
  run(): void {
    this.#pacer.run();
  }

  /** What waits for the session; somebody else sends it. */
  giveUp(session: FlowSession): Waiting[] {
    return this.#shapers.get(session)?.giveUp() ?? [];
  }

  /** What waits for the session is too old to be of use. */
  drop(session: FlowSession): void {
    this.#shapers.get(session)?.close();
  }

  /** The session is gone. */
  forget(session: FlowSession): void {
    const shaper = this.#shapers.get(session);
    if (shaper === undefined) return;
    this.#shapers.delete(session);
    this.#pacer.forget(shaper);
    shaper.close();
  }

  stop(): void {
    this.#pacer.stop();
  }
}
