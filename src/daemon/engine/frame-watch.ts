import { systemClock } from "../../shared/clock.ts";
import { Tap } from "../capture/tap.ts";
import type { FlowSession } from "../flow/ports.ts";
import type { FrameType } from "../link/frame.ts";
import { DemandWatch } from "./demand-watch.ts";
import type { Event } from "./messages.ts";
import { tapFrame, tapFrames } from "./tap-frames.ts";

/** What a capture may copy between two ticks: 64 MB a second. */
const tapBytesPerTurn = 16 * 1024 * 1024;

/** Who looks at frames as they pass: the count of flows that move data, and a capture; each while it is asked for. */
export class FrameWatch {
  readonly #emit: (event: Event) => void;
  #demand: DemandWatch | undefined;
  #tap: Tap | undefined;

  constructor(emit: (event: Event) => void) {
    this.#emit = emit;
  }

  watchDemand(on: boolean): void {
    this.#demand = on ? new DemandWatch((flows) => this.#emit({ type: "demand", flows })) : undefined;
  }

  /** Of one session or of all; undefined ends it. */
  tap(on: { readonly session: string | undefined } | undefined): void {
    this.#tap = on && this.#open(on.session);
  }

  arrived(session: FlowSession | undefined, type: FrameType, bytes: Uint8Array, body: number, length: number): void {
    this.#demand?.arrived(type, bytes, body, length);
    if (session !== undefined) tapFrame(this.#tap, session.id, type, bytes, body, length);
  }

  sending(session: FlowSession | undefined, frames: Uint8Array, innerBytes: number): void {
    this.#demand?.sending(frames, innerBytes);
    if (session !== undefined) tapFrames(this.#tap, session.id, frames);
  }

  tick(): void {
    this.#demand?.tick();
    this.#tap?.flush();
  }

  #open(session: string | undefined): Tap {
    return new Tap({
      session,
      emit: (chunk) => this.#emit({ type: "captured", ...chunk }),
      wall: () => systemClock.wall(),
      bytesPerTurn: tapBytesPerTurn,
    });
  }
}
