import { frameHeaderBytes, frameType } from "../link/frame.ts";
import { counterIndex } from "../metrics/counters.ts";
import { unitHeaderLength } from "../packet/vnet.ts";
import type { FlowSession, HandOver } from "./ports.ts";
import type { Shapers } from "./shapers.ts";

/** What waits on this thread for a session goes to the threads that have its links, once none is left here. */
export class MoveOver {
  readonly #shapers: Shapers;
  readonly #handOver: HandOver;
  readonly #counters: Float64Array;

  constructor(parts: { shapers: Shapers; handOver: HandOver; counters: Float64Array }) {
    this.#shapers = parts.shapers;
    this.#handOver = parts.handOver;
    this.#counters = parts.counters;
  }

  /** The session may have lost its last link here, or have got one elsewhere. */
  look(session: FlowSession): void {
    if (session.links.length > 0 || session.elsewhere.length === 0) return;
    for (const { frame, flow } of this.#shapers.giveUp(session)) {
      const unit = unitOf(frame);
      const taken = this.#handOver.offer(session, flow, unit, 0, unit.length, 0);
      if (!taken) this.#counters[counterIndex.handover_full]! += 1;
    }
    this.#handOver.flush();
  }
}

/** The unit that a frame was made of, with its header in link form. */
function unitOf(frame: Uint8Array): Uint8Array {
  const body = frame.subarray(frameHeaderBytes);
  if (frame[0] === frameType.offload) return body;
  const unit = new Uint8Array(unitHeaderLength + body.length);
  unit.set(body, unitHeaderLength);
  return unit;
}
