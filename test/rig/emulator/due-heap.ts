interface Entry<T> {
  readonly due: number;
  readonly order: number;
  readonly item: T;
}

function isBefore<T>(a: Entry<T>, b: Entry<T>): boolean {
  return a.due < b.due || (a.due === b.due && a.order < b.order);
}

/** A binary heap by due time; items due at the same time leave in the order in which they came. */
export class DueHeap<T> {
  #entries: Entry<T>[] = [];
  #order = 0;

  get size(): number {
    return this.#entries.length;
  }

  get due(): number | undefined {
    return this.#entries[0]?.due;
  }

  push(due: number, item: T): void {
    const entries = this.#entries;
    const entry = { due, order: this.#order, item };
    this.#order += 1;
    let at = entries.push(entry) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = entries[above];
      if (parent === undefined || !isBefore(entry, parent)) break;
      entries[at] = parent;
      at = above;
    }
    entries[at] = entry;
  }

  /** Takes the first item if it is due by `now`. */
  pop(now: number): { due: number; item: T } | undefined {
    const first = this.#entries[0];
    if (first === undefined || first.due > now) return undefined;
    const last = this.#entries.pop();
    if (last !== undefined && last !== first) this.#sink(last);
    return first;
  }

  #sink(entry: Entry<T>): void {
    const entries = this.#entries;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const [leftEntry, rightEntry] = [entries[left], entries[left + 1]];
      if (leftEntry === undefined) break;
      const rightIsFirst = rightEntry !== undefined && isBefore(rightEntry, leftEntry);
      const child = rightIsFirst ? rightEntry : leftEntry;
      if (!isBefore(child, entry)) break;
      entries[at] = child;
      at = rightIsFirst ? left + 1 : left;
    }
    entries[at] = entry;
  }
}
