/** Gives out places of `width` values each in shared memory; a place is used again after it was given back. */
export class Slots {
  readonly values: Float64Array;
  readonly #width: number;
  readonly #free: number[] = [];
  #next = 0;

  constructor(values: Float64Array, width: number) {
    this.values = values;
    this.#width = width;
  }

  /** Index of the place's first value, all of them zero; undefined when all are taken. */
  take(): number | undefined {
    const base = this.#free.pop() ?? (this.#next < this.values.length ? this.#next : undefined);
    if (base === undefined) return undefined;
    if (base === this.#next) this.#next += this.#width;
    this.values.fill(0, base, base + this.#width);
    return base;
  }

  giveBack(base: number): void {
    this.#free.push(base);
  }
}
