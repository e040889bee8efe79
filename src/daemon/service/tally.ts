/** How many there are by name; names without any are forgotten. */
export class Tally {
  readonly #counts = new Map<string, number>();

  of(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  add(name: string, step: 1 | -1): void {
    const count = this.of(name) + step;
    if (count === 0) this.#counts.delete(name);
    else this.#counts.set(name, count);
  }
}
