import type { Memory } from "../sys/memory.ts";
import {
  faultBadLength,
  faultUnknownType,
  type FrameFault,
  frameHeaderBytes,
  frameLength,
  maxFrameBytes,
} from "./frame.ts";

/** Room in front of the first frame, so that a virtio header can be put before any packet in place. */
const headroom = 16;

/** Frames of a link, one after another; `memory` is borrowed until the call returns and may be changed in place. */
export type FrameSink = (type: number, memory: Memory, bodyOffset: number, bodyLength: number) => void;

/** Landing buffers of one data thread: a link holds one only while a frame has arrived in part. */
export class LandingPool {
  readonly #allocate: (size: number) => Memory;
  readonly #size: number;
  readonly #free: Memory[] = [];

  /** `size` bytes each, at least three of the largest frames. */
  constructor(allocate: (size: number) => Memory, size: number) {
    this.#allocate = allocate;
    this.#size = Math.max(size, headroom + 3 * maxFrameBytes);
  }

  take(): Memory {
    return this.#free.pop() ?? this.#allocate(this.#size);
  }

  /** A few stay for reuse; the rest go to the collector. */
  giveBack(memory: Memory): void {
    if (this.#free.length < 8) this.#free.push(memory);
  }
}

/** Cuts the byte stream of one link into frames. */
export class Receiver {
  readonly #pool: LandingPool;
  readonly #sink: FrameSink;
  #memory: Memory | undefined;
  #start = headroom;
  #end = headroom;
  #closed = false;

  constructor(pool: LandingPool, sink: FrameSink) {
    this.#pool = pool;
    this.#sink = sink;
  }

  /** True while a frame has arrived in part. */
  get partial(): boolean {
    return this.#end > this.#start;
  }

  /** Takes the next bytes of the stream; the first fault ends the use of this receiver. */
  accept(chunk: Uint8Array): FrameFault | undefined {
    let taken = 0;
    while (taken < chunk.length && !this.#closed) {
      this.#memory ??= this.#pool.take();
      const room = this.#room(this.#memory);
      const part = Math.min(room, chunk.length - taken);
      this.#memory.bytes.set(part === chunk.length ? chunk : chunk.subarray(taken, taken + part), this.#end);
      this.#end += part;
      taken += part;
      const fault = this.#deliver(this.#memory);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  /** Frees the landing buffer; also stops a delivery that is under way. */
  close(): void {
    this.#closed = true;
    this.#release();
  }

  #release(): void {
    if (this.#memory !== undefined) this.#pool.giveBack(this.#memory);
    this.#memory = undefined;
    this.#start = headroom;
    this.#end = headroom;
  }

  /** Free bytes at the end; a frame in part is moved to the front when fewer than it may still need. */
  #room(memory: Memory): number {
    if (memory.bytes.length - this.#end < maxFrameBytes) {
      memory.bytes.copyWithin(headroom, this.#start, this.#end);
      this.#end -= this.#start - headroom;
      this.#start = headroom;
    }
    return memory.bytes.length - this.#end;
  }

  #deliver(memory: Memory): FrameFault | undefined {
    for (;;) {
      const length = frameLength(memory.bytes, this.#start, this.#end);
      if (length < 0) {
        if (length === faultUnknownType) return "unknown_type";
        if (length === faultBadLength) return "bad_length";
        break;
      }
      if (this.#end - this.#start < length) break;
      const at = this.#start;
      this.#start += length;
      this.#sink(memory.bytes[at] as number, memory, at + frameHeaderBytes, length - frameHeaderBytes);
      if (this.#closed) return undefined;
    }
    if (this.#start === this.#end) this.#release();
    return undefined;
  }
}
