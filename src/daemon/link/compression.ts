import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { Memory } from "../sys/memory.ts";
import { frameHeaderBytes, frameLength, frameType, writeFrameHeader } from "./frame.ts";
import type { FrameSink, LandingPool } from "./receiver.ts";

/** Bytes of whole frames that one COMPRESSED frame may hold when it is unpacked. */
export const mostUnpacked: number = 64 * 1024;
/** Less is not worth the call. */
const leastPacked = 256;
/**
 * Bytes of a COMPRESSED frame for each packet in it, beyond the first few. Packets of an honest end differ by more; without
 * this a frame of 30 bytes could be thousands of packets of work for whoever takes it.
 */
const bytesForPacket = 4;
const freePackets = 16;
/** It has to save an eighth. */
const worthwhile = 7 / 8;
/** After a batch that did not pay this many pass as they are, then twice as many, and so on. */
const mostSkipped = 64;
/** log2 of how far back a match may lie: a batch is no longer, and a peer can't make us hold more. */
const windowLog = 16;

const packing = {
  params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_windowLog]: windowLog },
} as const;
const unpacking = { maxOutputLength: mostUnpacked, params: { [constants.ZSTD_d_windowLogMax]: windowLog } } as const;

/** Packs the frames of one link, each batch by itself: nothing of one is in another. */
export class Packer {
  #skip = 0;
  #skipNext = 1;

  /**
   * Puts whole frames into COMPRESSED frames, as far as that pays; undefined when nothing does, so that `frames` go out as
   * they are. The result is not part of `frames`.
   */
  pack(frames: Uint8Array): Buffer | undefined {
    const parts: Uint8Array[] = [];
    let packed = false;
    for (let at = 0; at < frames.length; ) {
      const end = batchEnd(frames, at);
      const batch = frames.subarray(at, end);
      const smaller = this.#try(batch);
      if (smaller !== undefined) packed = true;
      parts.push(smaller ?? batch);
      at = end;
    }
    return packed ? Buffer.concat(parts) : undefined;
  }

  #try(batch: Uint8Array): Buffer | undefined {
    if (batch.length < leastPacked || batch.length > mostUnpacked) return undefined;
    if (this.#skip > 0) {
      this.#skip -= 1;
      return undefined;
    }
    const body = zstdCompressSync(batch, packing);
    const tooMany = countFrames(batch) > mostPackets(body.length);
    if (tooMany || body.length + frameHeaderBytes > batch.length * worthwhile) {
      this.#skip = this.#skipNext;
      this.#skipNext = Math.min(mostSkipped, this.#skipNext * 2);
      return undefined;
    }
    this.#skipNext = 1;
    const head = Buffer.allocUnsafe(frameHeaderBytes);
    writeFrameHeader(head, 0, frameType.compressed, body.length);
    return Buffer.concat([head, body]);
  }
}

/** Packets that a COMPRESSED frame with a body of `length` bytes may hold. */
function mostPackets(length: number): number {
  return Math.max(freePackets, Math.floor(length / bytesForPacket));
}

function countFrames(frames: Uint8Array): number {
  let count = 0;
  for (let at = 0; at < frames.length; at += frameLength(frames, at, frames.length)) count += 1;
  return count;
}

/** Where the batch that begins at `at` ends: as many whole frames as it may hold, at least one. */
function batchEnd(frames: Uint8Array, at: number): number {
  let end = at + frameLength(frames, at, frames.length);
  while (end < frames.length) {
    const next = end + frameLength(frames, end, frames.length);
    if (next - at > mostUnpacked) break;
    end = next;
  }
  return end;
}

/**
 * Hands the frames inside a COMPRESSED frame to `sink`, one after another, from memory where they may be changed. Returns
 * what is wrong with it, if anything; frames before the fault have been handed over. `open`: go on?
 */
export function unpack(
  body: Uint8Array,
  { pool }: LandingPool,
  sink: FrameSink,
  open: () => boolean,
): string | undefined {
  let frames: Buffer;
  try {
    frames = zstdDecompressSync(body, unpacking);
  } catch {
    return "a COMPRESSED frame that is damaged or too large";
  }
  const memory = pool.take();
  try {
    return deliver(frames, memory, mostPackets(body.length), sink, open);
  } finally {
    pool.giveBack(memory);
  }
}

/** Room in front of the first frame, as the receiver leaves it. */
const headroom = 16;

function deliver(
  frames: Buffer,
  memory: Memory,
  most: number,
  sink: FrameSink,
  open: () => boolean,
): string | undefined {
  memory.bytes.set(frames, headroom);
  const end = headroom + frames.length;
  if (frames.length === 0) return "an empty COMPRESSED frame";
  let packets = 0;
  for (let at = headroom; at < end && open(); ) {
    const length = frameLength(memory.bytes, at, end);
    const type = memory.bytes[at]!;
    if (type !== frameType.packet && type !== frameType.offload) return "no packet in a COMPRESSED frame";
    if (length < 0 || at + length > end) return "a cut frame in a COMPRESSED frame";
    packets += 1;
    if (packets > most) return "too many packets in a COMPRESSED frame of its size";
    sink(type, memory, at + frameHeaderBytes, length - frameHeaderBytes);
    at += length;
  }
  return undefined;
}
