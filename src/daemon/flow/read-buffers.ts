import { frameHeaderBytes } from "../link/frame.ts";
import type { Lender } from "../link/send-queue.ts";
import { BufferPool } from "../sys/buffer-pool.ts";
import type { TunBuffer } from "../tun/device.ts";

/** A read buffer whose parts are lent to sockets; it is free again when every part came back. */
export class ReadBuffer implements Lender {
  readonly memory: TunBuffer;
  /** Where a unit lands, with room for a frame header in front. */
  readonly landing: Buffer;
  readonly #freed: (buffer: ReadBuffer) => void;
  #lent = 0;

  constructor(memory: TunBuffer, freed: (buffer: ReadBuffer) => void) {
    this.memory = memory;
    this.landing = memory.bytes.subarray(frameHeaderBytes);
    this.#freed = freed;
  }

  lend(): this {
    this.#lent += 1;
    return this;
  }

  giveBack(): void {
    this.#lent -= 1;
    if (this.#lent === 0) this.#freed(this);
  }
}

/** The read buffers of one TUN queue. Reuse, not a fresh buffer per read: the collector costs more. */
export class ReadBuffers {
  readonly pool: BufferPool<ReadBuffer>;
  readonly #most: number;
  /** Called when a buffer comes back while none was free. */
  #awaited: (() => void) | undefined;

  /** At most `most` buffers, of which `kept` are there from the start and stay. */
  constructor(parts: {
    most: number;
    kept: number;
    make: () => TunBuffer;
    giveUp: (memory: TunBuffer) => void;
  }) {
    const { most, kept } = parts;
    this.#most = most;
    this.pool = new BufferPool({
      kept: Math.min(kept, most),
      mostFree: most,
      make: () => new ReadBuffer(parts.make(), (buffer) => this.#put(buffer)),
      giveUp: ({ memory }) => parts.giveUp(memory),
    });
  }

  get available(): number {
    return this.#most - this.pool.used;
  }

  take(): ReadBuffer | undefined {
    return this.available > 0 ? this.pool.take() : undefined;
  }

  /** Calls `run` once, when the next buffer comes back. */
  whenFree(run: () => void): void {
    this.#awaited = run;
  }

  #put(buffer: ReadBuffer): void {
    this.pool.giveBack(buffer);
    const awaited = this.#awaited;
    this.#awaited = undefined;
    awaited?.();
  }
}
