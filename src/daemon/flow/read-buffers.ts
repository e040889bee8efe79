import type { Lender } from "../link/send-queue.ts";
import type { TunBuffer } from "../tun/device.ts";

/** A read buffer whose parts are lent to sockets; it is free again when every part came back. */
export class ReadBuffer implements Lender {
  readonly memory: TunBuffer;
  readonly #freed: (buffer: ReadBuffer) => void;
  #lent = 0;

  constructor(memory: TunBuffer, freed: (buffer: ReadBuffer) => void) {
    this.memory = memory;
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

/** The fixed set of read buffers of one TUN queue. Reuse, not a fresh buffer per read: the collector costs more. */
export class ReadBuffers {
  readonly #free: ReadBuffer[] = [];
  /** Called when a buffer comes back while none was free. */
  #awaited: (() => void) | undefined;

  constructor(count: number, size: number, allocate: (size: number) => TunBuffer) {
    for (let i = 0; i < count; i++) this.#free.push(new ReadBuffer(allocate(size), (buffer) => this.put(buffer)));
  }

  get available(): number {
    return this.#free.length;
  }

  take(): ReadBuffer | undefined {
    return this.#free.pop();
  }

  /** Returns a buffer of which nothing is lent. */
  put(buffer: ReadBuffer): void {
    this.#free.push(buffer);
    const awaited = this.#awaited;
    this.#awaited = undefined;
    awaited?.();
  }

  /** Calls `run` once, when the next buffer comes back. */
  whenFree(run: () => void): void {
    this.#awaited = run;
  }
}
