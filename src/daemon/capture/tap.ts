import { mostPacketBytes, recordHeaderBytes, writeRecordHeader } from "./pcap.ts";

const chunkBytes = 256 * 1024;

/** Packets that were taken together, as records of a pcap file. */
export interface Chunk {
  readonly records: Uint8Array;
  readonly packets: number;
  /** Packets that were not taken, since too many came at once. */
  readonly dropped: number;
}

/** Copies inner packets of the packet path, at most `bytesPerTurn` between two flushes. */
export class Tap {
  readonly #wanted: string | undefined;
  readonly #emit: (chunk: Chunk) => void;
  readonly #wall: () => number;
  readonly #bytesPerTurn: number;
  #chunk: Buffer = Buffer.allocUnsafeSlow(chunkBytes);
  #used = 0;
  #packets = 0;
  #dropped = 0;
  #taken = 0;

  constructor(parts: {
    /** Beginning of the id of the only session to take packets of; undefined: of all. */
    session: string | undefined;
    emit: (chunk: Chunk) => void;
    /** Milliseconds since the Unix epoch. */
    wall: () => number;
    bytesPerTurn: number;
  }) {
    this.#wanted = parts.session;
    this.#emit = parts.emit;
    this.#wall = parts.wall;
    this.#bytesPerTurn = parts.bytesPerTurn;
  }

  /** One packet of a session; `bytes` is borrowed for the call. */
  packet(session: string, bytes: Uint8Array, at: number, length: number): void {
    if (this.#wanted !== undefined && !session.startsWith(this.#wanted)) return;
    const size = recordHeaderBytes + length;
    if (length > mostPacketBytes || this.#taken + size > this.#bytesPerTurn) {
      this.#dropped += 1;
      return;
    }
    if (this.#used + size > chunkBytes) this.#tell();
    writeRecordHeader(this.#chunk, this.#used, this.#wall(), length);
    this.#chunk.set(bytes.subarray(at, at + length), this.#used + recordHeaderBytes);
    this.#used += size;
    this.#taken += size;
    this.#packets += 1;
  }

  /** Tells what was taken; a few times a second. */
  flush(): void {
    this.#taken = 0;
    if (this.#packets > 0 || this.#dropped > 0) this.#tell();
  }

  #tell(): void {
    this.#emit({
      records: Uint8Array.from(this.#chunk.subarray(0, this.#used)),
      packets: this.#packets,
      dropped: this.#dropped,
    });
    this.#used = 0;
    this.#packets = 0;
    this.#dropped = 0;
  }
}
