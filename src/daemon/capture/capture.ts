import type { Clock, Millis, Timer } from "../../shared/clock.ts";
import type { Chunk } from "./tap.ts";

/** Who reads a capture. */
export interface Reader {
  /** Of the control connection. */
  readonly id: number;
  readonly who: string;
}

export type CaptureRead =
  | { readonly kind: "records"; readonly records: Buffer; readonly packets: number; readonly dropped: number }
  /** Somebody else captures; only one can. */
  | { readonly kind: "busy"; readonly who: string };

interface Running {
  readonly reader: Reader;
  readonly session: string | undefined;
  timer: Timer;
  chunks: Uint8Array[];
  bytes: number;
  packets: number;
  dropped: number;
}

/** A reader that does not come back in this time has gone. */
const patience: Millis = 5_000;
/** Bytes that wait for the reader. */
const mostWaiting = 32 * 1024 * 1024;

/** The one capture of this daemon: begun by its reader's first call, ended when the reader no longer comes. */
export class Capture {
  readonly #clock: Clock;
  readonly #tap: (on: { readonly session: string | undefined } | undefined) => void;
  #running: Running | undefined;

  constructor(parts: {
    clock: Clock;
    /** Begins to take packets, or stops. */
    tap: (on: { readonly session: string | undefined } | undefined) => void;
  }) {
    this.#clock = parts.clock;
    this.#tap = parts.tap;
  }

  /** Whether the reader's next call begins a capture. */
  isNew(reader: Reader): boolean {
    return this.#running?.reader.id !== reader.id;
  }

  /** What was taken since the reader's last call; the first one begins. `session`: undefined takes all sessions. */
  read(reader: Reader, session: string | undefined): CaptureRead {
    const running = this.#running;
    if (running !== undefined && running.reader.id !== reader.id) return { kind: "busy", who: running.reader.who };
    if (running === undefined || running.session !== session) return this.#begin(reader, session);
    running.timer.cancel();
    running.timer = this.#timer();
    const { chunks, packets, dropped } = running;
    Object.assign(running, { chunks: [], bytes: 0, packets: 0, dropped: 0 });
    return { kind: "records", records: Buffer.concat(chunks), packets, dropped };
  }

  arrived({ records, packets, dropped }: Chunk): void {
    const running = this.#running;
    if (running === undefined) return;
    running.dropped += dropped;
    if (running.bytes + records.length > mostWaiting) {
      running.dropped += packets;
      return;
    }
    running.chunks.push(records);
    running.bytes += records.length;
    running.packets += packets;
  }

  stop(): void {
    if (this.#running === undefined) return;
    this.#running.timer.cancel();
    this.#running = undefined;
    this.#tap(undefined);
  }

  #begin(reader: Reader, session: string | undefined): CaptureRead {
    this.stop();
    this.#running = { reader, session, timer: this.#timer(), chunks: [], bytes: 0, packets: 0, dropped: 0 };
    this.#tap({ session });
    return { kind: "records", records: Buffer.alloc(0), packets: 0, dropped: 0 };
  }

  #timer(): Timer {
    return this.#clock.after(patience, () => this.stop());
  }
}
