import { Writable } from "node:stream";

interface Write {
  readonly bytes: Buffer;
  /** Chunks that came in one piece. */
  readonly chunks: number;
  readonly done: (error?: Error) => void;
}

/** A socket that writes when the test says so. */
export class SlowWritable extends Writable {
  readonly writes: Write[] = [];
  readonly taken: Buffer[] = [];

  constructor() {
    super({ highWaterMark: 16_384 });
    this.on("error", () => undefined);
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    this.#put([chunk], done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error) => void): void {
    this.#put(
      chunks.map(({ chunk }) => chunk),
      done,
    );
  }

  /** Ends the write that is under way; false when there is none. */
  finish(error?: Error): boolean {
    const write = this.writes.shift();
    if (write === undefined) return false;
    if (error === undefined) this.taken.push(Buffer.from(write.bytes));
    write.done(error);
    return true;
  }

  #put(chunks: Buffer[], done: (error?: Error) => void): void {
    // By reference, as the kernel would see them; `taken` is a copy made when the write ends.
    const bytes = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
    this.writes.push({ bytes, chunks: chunks.length, done });
  }
}
