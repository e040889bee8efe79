export interface BufferPoolParts<T> {
  /** Buffers that are made at once and never given up. */
  readonly kept: number;
  /** Free ones beyond this are given up at once. */
  readonly mostFree: number;
  make(): T;
  /** Nobody uses it any more. */
  giveUp(buffer: T): void;
}

/**
 * Buffers for reuse. The one that came back last is taken first, so that those nobody needs stay free from one sweep
 * to the next, which gives them up.
 */
export class BufferPool<T> {
  readonly #parts: BufferPoolParts<T>;
  readonly #free: T[] = [];
  #held = 0;
  /** The fewest that were free at any time since the last sweep. */
  #unneeded: number;

  constructor(parts: BufferPoolParts<T>) {
    this.#parts = parts;
    for (; this.#held < parts.kept; this.#held++) this.#free.push(parts.make());
    this.#unneeded = this.#free.length;
  }

  /** Buffers there are, those that are in use too. */
  get held(): number {
    return this.#held;
  }

  get used(): number {
    return this.#held - this.#free.length;
  }

  take(): T {
    const buffer = this.#free.pop();
    this.#unneeded = Math.min(this.#unneeded, this.#free.length);
    if (buffer !== undefined) return buffer;
    this.#held += 1;
    return this.#parts.make();
  }

  giveBack(buffer: T): void {
    if (this.#free.length < this.#parts.mostFree) return void this.#free.push(buffer);
    this.#held -= 1;
    this.#parts.giveUp(buffer);
  }

  /** One that is in use will not come back. */
  lost(): void {
    this.#held -= 1;
  }

  /** Gives up those that nobody needed since the last sweep. */
  sweep(): void {
    const count = Math.max(0, Math.min(this.#unneeded, this.#held - this.#parts.kept));
    for (const buffer of this.#free.splice(0, count)) this.#parts.giveUp(buffer);
    this.#held -= count;
    this.#unneeded = this.#free.length;
  }
}
