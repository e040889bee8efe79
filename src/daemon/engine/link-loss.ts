import type { Outbound } from "../flow/outbound.ts";
import type { FlowSession } from "../flow/ports.ts";
import type { Shapers } from "../flow/shapers.ts";
import type { DataThreadOptions } from "./messages.ts";

/** A client's packets wait in the kernel's queue for this long after its last link went. */
const holdFor = 10_000;
/** What waits in a session's own queue is of use for so long after its last link went. */
const keepFor = 2_000;

/** Sessions whose last link went: what waits for them is kept a while, for the next one. */
export class LinkLoss {
  readonly #mode: DataThreadOptions["mode"];
  readonly #outbound: Outbound;
  readonly #shapers: Shapers;
  /** Sessions whose last link went a moment ago. */
  readonly #linkless = new Map<FlowSession, number>();
  /** A client has no link since then. */
  #holdingSince: number | undefined;

  constructor(mode: DataThreadOptions["mode"], outbound: Outbound, shapers: Shapers) {
    this.#mode = mode;
    this.#outbound = outbound;
    this.#shapers = shapers;
  }

  /** The session has no link any more. */
  begin(session: FlowSession): void {
    const now = performance.now();
    this.#linkless.set(session, now);
    if (this.#mode === "server") return;
    this.#holdingSince = now;
    this.#outbound.hold();
  }

  /** The session has a link. */
  over(session: FlowSession): void {
    this.#linkless.delete(session);
    this.#release();
  }

  /** The session has ended. */
  forget(session: FlowSession): void {
    this.#linkless.delete(session);
  }

  tick(): void {
    const now = performance.now();
    this.#dropStale(now - keepFor);
    if (this.#holdingSince !== undefined && now - this.#holdingSince > holdFor) this.#release();
  }

  #release(): void {
    this.#holdingSince = undefined;
    this.#outbound.release();
  }

  /** What waits for those who have no link must not take the room of those who have. */
  #dropStale(before: number): void {
    for (const [session, since] of this.#linkless) {
      if (since > before) return;
      this.#linkless.delete(session);
      this.#shapers.drop(session);
    }
  }
}
