interface Line<T> {
  readonly items: T[];
  /** Turns that it had since another source's. */
  had: number;
}

/** Whoever has to wait, in turn by source: nobody waits behind another source's crowd, nor is turned away for it. */
export class WaitingRoom<T> {
  readonly #most: number;
  readonly #bySource = new Map<string, Line<T>>();
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
    if (line === undefined) this.#bySource.set(source, { items: [item], had: 0 });
    else line.items.push(item);
    this.#size += 1;
    return this.#size > this.#most ? this.#leaveLongest() : undefined;
  }

  /**
   * Offers the first of each source, round after round, of a source as many in a round as it has `turns`; `begin` refuses
   * when that source has to wait on.
   */
  offer(begin: (item: T) => boolean, turns: (source: string) => number): void {
    for (let sources = [...this.#bySource.keys()]; sources.length > 0; ) {
      sources = sources.filter((source) => this.#turn(source, begin, turns));
    }
  }

  *[Symbol.iterator](): Generator<T> {
    for (const { items } of this.#bySource.values()) yield* items;
  }

  /** Empties the room. */
  clear(): T[] {
    const all = [...this];
    this.#bySource.clear();
    this.#size = 0;
    return all;
  }

  /** False when the source has to wait on, or has nobody left. */
  #turn(source: string, begin: (item: T) => boolean, turns: (source: string) => number): boolean {
    const line = this.#bySource.get(source);
    if (line === undefined) return false;
    const { items } = line;
    for (const most = turns(source); items[0] !== undefined && line.had < most; line.had++) {
      if (!begin(items[0])) return false;
      items.shift();
      this.#size -= 1;
    }
    // To the end, so that at the next free place it is another source's turn.
    this.#bySource.delete(source);
    if (items.length === 0) return false;
    this.#bySource.set(source, { items, had: 0 });
    return true;
  }

  #leaveLongest(): T | undefined {
    let longest: [source: string, line: Line<T>] = ["", { items: [], had: 0 }];
    // Among equals the last, which came latest.
    for (const entry of this.#bySource) if (entry[1].items.length >= longest[1].items.length) longest = entry;
    const [source, { items }] = longest;
    if (items.length === 1) this.#bySource.delete(source);
    this.#size -= 1;
    return items.pop();
  }
}
