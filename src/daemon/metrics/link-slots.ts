/** Figures of each link in shared memory, one slot a link; a slot is used again after its link closed. */

const fields = ["rx_bytes", "tx_bytes", "rtt_ms", "queued_bytes"] as const;

export type LinkField = (typeof fields)[number];

const width = fields.length;

export const linkField: Readonly<Record<LinkField, number>> = { rx_bytes: 0, tx_bytes: 1, rtt_ms: 2, queued_bytes: 3 };

/** Room for `capacity` links. */
export function createLinkSlots(capacity: number): Float64Array<SharedArrayBuffer> {
  return new Float64Array(new SharedArrayBuffer(capacity * width * 8));
}

/** The writing side. */
export class LinkSlots {
  readonly values: Float64Array;
  readonly #free: number[] = [];
  #next = 0;

  constructor(values: Float64Array) {
    this.values = values;
  }

  /** Index of the slot's first value, or undefined when all are taken. rtt_ms is NaN until the first PONG. */
  take(): number | undefined {
    const base = this.#free.pop() ?? (this.#next < this.values.length ? this.#next : undefined);
    if (base === undefined) return undefined;
    if (base === this.#next) this.#next += width;
    this.values.fill(0, base, base + width);
    this.values[base + linkField.rtt_ms] = Number.NaN;
    return base;
  }

  giveBack(base: number): void {
    this.#free.push(base);
  }
}
