/** Where one thread tells the others of a bucket that they share: two places in shared memory. */
export interface TurnCells {
  readonly values: Float64Array;
  /** What it took; only grows. */
  readonly taken: number;
  /** 1 while packets wait there for tokens, else 0. */
  readonly waiting: number;
}

interface Other {
  readonly cells: TurnCells;
  seen: number;
  /** What was taken here beyond what was taken there, since packets wait there. */
  ahead: number;
}

/** Who of the threads that share a bucket is ahead of whom, so that each gets its turn. */
export class Turns {
  readonly #own: TurnCells;
  readonly #others: Other[] = [];

  constructor(own: TurnCells) {
    this.#own = own;
  }

  /** That thread takes from the bucket too. */
  follow(cells: TurnCells): void {
    this.#others.push({ cells, seen: cells.values[cells.taken] ?? 0, ahead: 0 });
  }

  /** This thread took `amount`, `taken` in all. */
  took(amount: number, taken: number): void {
    this.#own.values[this.#own.taken] = taken;
    for (const other of this.#others) {
      other.ahead = isWaiting(other) ? other.ahead + amount : 0;
    }
  }

  /** Whether packets wait here for tokens. */
  set waiting(waiting: boolean) {
    this.#own.values[this.#own.waiting] = waiting ? 1 : 0;
  }

  /** How far this thread is ahead of one where packets wait. */
  get ahead(): number {
    let most = 0;
    for (const other of this.#others) {
      const taken = other.cells.values[other.cells.taken] ?? 0;
      other.ahead = Math.max(0, other.ahead - Math.max(0, taken - other.seen));
      other.seen = taken;
      if (isWaiting(other)) most = Math.max(most, other.ahead);
    }
    return most;
  }
}

function isWaiting({ cells }: Other): boolean {
  return cells.values[cells.waiting] === 1;
}
