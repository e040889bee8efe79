/** Whoever has to wait, in turn by source: nobody waits behind another source's crowd, nor is turned away for it. */
export class WaitingRoom<T> {
  readonly #most: number;
  readonly #bySource = new Map<string, T[]>();
  #size = 0;

  /** At most `most` wait. */
  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#size;
  }

  /** Returns who has to leave because too many wait: the newest of the source that has most. */
  add(source: string, item: T): T | undefined {
    const line = this.#bySource.get(source);
    if (line === undefined) this.#bySource.set(source, [item]);
    else line.push(item);
    this.#size += 1;
    return this.#size > this.#most ? this.#leaveLongest() : undefined;
  }

  /** Offers the first of each source, round after round; `begin` refuses when that source has to wait on. */
  offer(begin: (item: T) => boolean): void {
    for (let sources = [...this.#bySource.keys()]; sources.length > 0; ) {
      sources = sources.filter((source) => {
        const line = this.#bySource.get(source);
        if (line?.[0] === undefined || !begin(line[0])) return false;
        line.shift();
        this.#size -= 1;
        // To the end, so that at the next free place it is another source's turn.
        this.#bySource.delete(source);
        if (line.length > 0) this.#bySource.set(source, line);
        return line.length > 0;
      });
    }
  }

  *[Symbol.iterator](): Generator<T> {
    for (const line of this.#bySource.values()) yield* line;
  }

  /** Empties the room. */
  clear(): T[] {
    const all = [...this.#bySource.values()].flat();
    this.#bySource.clear();
    this.#size = 0;
    return all;
  }

  #leaveLongest(): T | undefined {
    let longest: [source: string, line: T[]] = ["", []];
    // Among equals the last, which came latest.
    for (const entry of this.#bySource) if (entry[1].length >= longest[1].length) longest = entry;
    const [source, line] = longest;
    if (line.length === 1) this.#bySource.delete(source);
    this.#size -= 1;
    return line.pop();
  }
}
