import { BufferPool, type BufferPoolParts } from "../sys/buffer-pool.ts";
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
/** The largest TLS record's content: Node delivers no more at a time. */
const recordBytes = 16 * 1024;

/** Landing buffers that stay for reuse. */
const mostFree = 16;

type Keeping = Pick<BufferPoolParts<Memory>, "kept" | "giveUp">;
const nothingKept: Keeping = { kept: 0, giveUp: () => {} };

/** Frames of a link, one after another; `memory` is borrowed until the call returns and may be changed in place. */
export type FrameSink = (type: number, memory: Memory, bodyOffset: number, bodyLength: number) => void;

/**
 * Landing memory of one data thread. Bytes land in the memory that all links share; only a link of which a frame has
 * arrived in part has memory of its own, and the rest of the frame lands right behind.
 */
export class LandingPool {
  readonly shared: Memory;
  /** Where bytes land in it. */
  readonly sharedSpace: Buffer;
  readonly pool: BufferPool<Memory>;

  /** `size` bytes for a link of its own, at least three of the largest frames. */
  constructor(allocate: (size: number) => Memory, size: number, keeping: Keeping = nothingKept) {
    const { kept, giveUp } = keeping;
    const bytes = Math.max(size, headroom + 3 * maxFrameBytes);
    this.shared = allocate(headroom + recordBytes);
    this.sharedSpace = this.shared.bytes.subarray(headroom);
    this.pool = new BufferPool({ kept: Math.min(kept, mostFree), mostFree, make: () => allocate(bytes), giveUp });
  }
}

/** Cuts the byte stream of one link into frames. Bytes are put where `space` says and announced by `filled`. */
export class Receiver {
  readonly #landing: LandingPool;
  readonly #sink: FrameSink;
  #own: Memory | undefined;
  #start = headroom;
  #end = headroom;
  #closed = false;
  #held = false;

  constructor(landing: LandingPool, sink: FrameSink) {
    this.#landing = landing;
    this.#sink = sink;
  }

  /** True while a frame has arrived in part. */
  get partial(): boolean {
    return this.#end > this.#start;
  }

  /** Whether whole frames may wait here for `proceed`. */
  get held(): boolean {
    return this.#held;
  }

  /** Where the next bytes of the stream belong; valid until the next call of `filled` of any link. */
  space(): Buffer {
    const own = this.#own;
    if (own === undefined) return this.#landing.sharedSpace;
    if (own.bytes.length - this.#end < maxFrameBytes) {
      own.bytes.copyWithin(headroom, this.#start, this.#end);
      this.#end -= this.#start - headroom;
      this.#start = headroom;
    }
    return own.bytes.subarray(this.#end);
  }

  /** `length` bytes were put into the space; the first fault ends the use of this receiver. */
  filled(length: number): FrameFault | undefined {
    if (this.#closed) return undefined;
    this.#end += length;
    const fault = this.#deliver(this.#own ?? this.#landing.shared);
    if (fault !== undefined || this.#closed) return fault;
    this.#settle();
    return undefined;
  }

  /** Called by the sink: what follows the frame waits, with all that still arrives. */
  hold(): void {
    this.#held = true;
  }

  /** Hands over what waited, until it is held again. */
  proceed(): FrameFault | undefined {
    this.#held = false;
    return this.filled(0);
  }

  /** As space and filled, for bytes that are elsewhere. */
  accept(chunk: Uint8Array): FrameFault | undefined {
    for (let taken = 0; taken < chunk.length && !this.#closed; ) {
      const space = this.space();
      const part = Math.min(space.length, chunk.length - taken);
      space.set(chunk.subarray(taken, taken + part));
      taken += part;
      const fault = this.filled(part);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  /** Stops a delivery that is under way. The memory is not used again: bytes may still be put into it. */
  close(): void {
    this.#closed = true;
    if (this.#own !== undefined) this.#landing.pool.lost();
    this.#own = undefined;
  }

  #deliver(memory: Memory): FrameFault | undefined {
    while (!this.#held) {
      const length = frameLength(memory.bytes, this.#start, this.#end);
      if (length === faultUnknownType) return "unknown_type";
      if (length === faultBadLength) return "bad_length";
      if (length < 0 || this.#end - this.#start < length) return undefined;
      const at = this.#start;
      this.#start += length;
      this.#sink(memory.bytes[at] as number, memory, at + frameHeaderBytes, length - frameHeaderBytes);
      if (this.#closed) return undefined;
    }
    return undefined;
  }

  /** A rest in the shared memory moves to memory of this link's own; memory without a rest goes back. */
  #settle(): void {
    if (this.#start === this.#end) {
      if (this.#own !== undefined) this.#landing.pool.giveBack(this.#own);
      this.#own = undefined;
    } else if (this.#own === undefined) {
      this.#own = this.#landing.pool.take();
      this.#own.bytes.set(this.#landing.shared.bytes.subarray(this.#start, this.#end), headroom);
      this.#end -= this.#start - headroom;
      this.#start = headroom;
      return;
    } else {
      return;
    }
    this.#start = headroom;
    this.#end = headroom;
  }
}
