export interface Heavy<K> {
  readonly key: K;
  /** At least so much; what a key had before it pushed another one out is not known. */
  readonly rx: number;
  readonly tx: number;
}

interface Entry<K> {
  key: K;
  /** Upper bound, by which the least is found. */
  count: number;
  rx: number;
  tx: number;
}

/**
 * The heaviest keys of a stream in bounded memory (Metwally and others, "space-saving"): whatever had more than
 * 1/`capacity` of the whole is among them.
 */
export class SpaceSaving<K> {
  readonly #capacity: number;
  readonly #entries = new Map<K, Entry<K>>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  add(key: K, rx: number, tx: number): void {
    const entry = this.#entries.get(key) ?? this.#enter(key);
    entry.count += rx + tx;
    entry.rx += rx;
    entry.tx += tx;
  }

  /** What was found since the last call, heaviest first; begins anew. */
  take(): Heavy<K>[] {
    const found = [...this.#entries.values()].toSorted((a, b) => b.rx + b.tx - (a.rx + a.tx));
    this.#entries.clear();
    return found.map(({ key, rx, tx }) => ({ key, rx, tx }));
  }

  #enter(key: K): Entry<K> {
    let count = 0;
    if (this.#entries.size >= this.#capacity) {
      const least = this.#least();
      this.#entries.delete(least.key);
      count = least.count;
    }
    const entry = { key, count, rx: 0, tx: 0 };
    this.#entries.set(key, entry);
    return entry;
  }

  #least(): Entry<K> {
    let least: Entry<K> | undefined;
    for (const entry of this.#entries.values()) if (least === undefined || entry.count < least.count) least = entry;
    if (least === undefined) throw new Error("a sketch without room");
    return least;
  }
}
