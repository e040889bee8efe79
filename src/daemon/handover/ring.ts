/**
 * Records of bytes from one thread to another through shared memory: one writer, one reader, no lock. Positions are
 * counts of bytes modulo 2^32. A record lies in one piece: a word (tag in the upper 8 bits, length in the lower 24),
 * then its bytes, filled up to whole words.
 */

/** Word of the memory where the writer's and the reader's position are, each in a cache line of its own. */
const written = 0;
const taken = 16;
const headWords = 32;
const wordBytes = 4;
/** What is left at the end of the memory holds no record: the next one is at its beginning. */
const skip = 0xffff_ffff;
const mostLength = 0xff_ffff;

/** Memory for a ring of `capacity` bytes, a power of two. */
export function createRing(capacity: number): SharedArrayBuffer {
  return new SharedArrayBuffer(headWords * wordBytes + capacity);
}

interface View {
  readonly positions: Int32Array;
  readonly bytes: Buffer;
}

function viewOf(memory: SharedArrayBuffer): View {
  return { positions: new Int32Array(memory, 0, headWords), bytes: Buffer.from(memory, headWords * wordBytes) };
}

function sizeOf(length: number): number {
  return (wordBytes + length + wordBytes - 1) & -wordBytes;
}

export class RingWriter {
  readonly #view: View;
  #at: number;

  constructor(memory: SharedArrayBuffer) {
    this.#view = viewOf(memory);
    this.#at = Atomics.load(this.#view.positions, written) >>> 0;
  }

  /** Copies `length` bytes at `from` as one record; false when there is no room, and nothing is written. */
  push(source: Uint8Array, from: number, length: number, tag: number): boolean {
    const { positions, bytes } = this.#view;
    const capacity = bytes.length;
    const size = sizeOf(length);
    const used = (this.#at - Atomics.load(positions, taken)) >>> 0;
    const place = this.#at & (capacity - 1);
    const rest = capacity - place;
    const skipped = rest < size ? rest : 0;
    if (length > mostLength || used + skipped + size > capacity) return false;
    if (skipped > 0) bytes.writeUInt32LE(skip, place);
    const start = skipped > 0 ? 0 : place;
    bytes.writeUInt32LE(((tag << 24) | length) >>> 0, start);
    bytes.set(source.subarray(from, from + length), start + wordBytes);
    this.#at = (this.#at + skipped + size) >>> 0;
    Atomics.store(positions, written, this.#at | 0);
    return true;
  }
}

/** Takes a record of `length` bytes at `at`, which it may write to during the call, also to the 4 bytes before it. */
export type RecordTaker = (bytes: Buffer, at: number, length: number, tag: number) => void;

export class RingReader {
  readonly #view: View;
  #at: number;

  constructor(memory: SharedArrayBuffer) {
    this.#view = viewOf(memory);
    this.#at = Atomics.load(this.#view.positions, taken) >>> 0;
  }

  /** Takes the records that are there, up to about `most` bytes of them; whether some are left. */
  drain(most: number, take: RecordTaker): boolean {
    const { positions, bytes } = this.#view;
    const until = Atomics.load(positions, written) >>> 0;
    const begun = this.#at;
    while (this.#at !== until) {
      if ((this.#at - begun) >>> 0 >= most) return true;
      const place = this.#at & (bytes.length - 1);
      const word = bytes.readUInt32LE(place);
      if (word === skip) this.#advance(positions, bytes.length - place);
      else {
        const length = word & mostLength;
        take(bytes, place + wordBytes, length, word >>> 24);
        this.#advance(positions, sizeOf(length));
      }
    }
    return false;
  }

  #advance(positions: Int32Array, by: number): void {
    this.#at = (this.#at + by) >>> 0;
    Atomics.store(positions, taken, this.#at | 0);
  }
}
