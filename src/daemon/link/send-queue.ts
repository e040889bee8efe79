import type { Writable } from "node:stream";

/** Bytes that are lent to the socket until it has written them. */
export interface Lender {
  /** The bytes may be reused. */
  giveBack(): void;
}

interface Chunk {
  readonly bytes: Uint8Array;
  /** Units (PACKET or OFFLOAD frames) in it. */
  readonly units: number;
  readonly lender: Lender | undefined;
}

/** Chunks below this are written together, so that TLS records are full. */
const gatherBelow = 64 * 1024;
const gatherLimit = 256 * 1024;

/**
 * What waits for one link's socket. One write is under way at a time: Node reports a TLS write as done in the next
 * turn of the event loop at the earliest, and copies what is queued behind it.
 */
export class SendQueue {
  readonly #socket: Writable;
  /** Called after each write: there is room again. */
  readonly #wrote: () => void;
  #waiting: Chunk[] = [];
  #underWay: Chunk[] = [];
  #closed = false;
  #failed = false;
  /** Units that the socket refused. */
  #refused = 0;
  /** Bytes given to push and not yet written to the socket. */
  bytes = 0;

  constructor(socket: Writable, wrote: () => void) {
    this.#socket = socket;
    this.#wrote = wrote;
  }

  get busy(): boolean {
    return this.#underWay.length > 0;
  }

  push(bytes: Uint8Array, units: number, lender: Lender | undefined): void {
    if (this.#closed) throw new Error("push on a closed link");
    this.bytes += bytes.length;
    this.#waiting.push({ bytes, units, lender });
    if (this.#underWay.length === 0 && !this.#failed) this.#writeNext();
  }

  /** Gives every lent chunk back; returns the number of units that were never written. */
  close(): number {
    this.#closed = true;
    const dropped = this.#waiting;
    this.#waiting = [];
    let units = this.#refused;
    for (const chunk of dropped) {
      units += chunk.units;
      this.bytes -= chunk.bytes.length;
      chunk.lender?.giveBack();
    }
    return units;
  }

  #writeNext(): void {
    const first = this.#waiting[0];
    if (first === undefined) return;
    if (this.#waiting.length === 1 || first.bytes.length >= gatherBelow) {
      this.#waiting.shift();
      this.#underWay.push(first);
      this.#socket.write(first.bytes, this.#written);
      return;
    }
    this.#socket.cork();
    let total = 0;
    let taken = 0;
    for (const chunk of this.#waiting) {
      if (total > 0 && total + chunk.bytes.length > gatherLimit) break;
      total += chunk.bytes.length;
      taken += 1;
    }
    this.#underWay = this.#waiting.splice(0, taken);
    for (const [index, chunk] of this.#underWay.entries()) {
      if (index < taken - 1) this.#socket.write(chunk.bytes);
      else this.#socket.write(chunk.bytes, this.#written);
    }
    this.#socket.uncork();
  }

  readonly #written = (error?: Error | null): void => {
    const done = this.#underWay;
    this.#underWay = [];
    // After an error the socket takes nothing more: what waits is counted by close.
    this.#failed ||= error !== undefined && error !== null;
    for (const chunk of done) {
      this.bytes -= chunk.bytes.length;
      if (this.#failed) this.#refused += chunk.units;
      chunk.lender?.giveBack();
    }
    if (this.#closed || this.#failed) return;
    // Whoever got something back may have pushed already.
    if (this.#underWay.length === 0 && this.#waiting.length > 0) this.#writeNext();
    this.#wrote();
  };
}
