const slots = 1024;
/** A flow that moves less in a second has no use for a link of its own. */
const leastBytes = 128 * 1024;
/**
 * 500 Mbit/s: a link that carries so much loses next to nothing, so that another would help no flow, and links that share
 * such a rate cost more than one (measured: a third of the throughput).
 */
const plenty = 62.5e6;

/**
 * How many flows move data, in both directions of one session. Flows are told apart by a part of their hash, and a
 * sample of their packets is enough: this is an estimate that costs next to nothing.
 */
export class FlowCensus {
  readonly #total = { up: 0, down: 0 };
  readonly #bytes = { up: new Float64Array(slots), down: new Float64Array(slots) };

  note(direction: "up" | "down", flow: number, bytes: number): void {
    this.#total[direction] += bytes;
    this.#bytes[direction][flow & (slots - 1)]! += bytes;
  }

  /**
   * Flows with at least 128 KiB in one direction since the last call, which is meant to be a second ago; at most one when
   * they had all that a link can give.
   */
  take(): number {
    const count = { up: 0, down: 0 };
    const served = Math.max(this.#total.up, this.#total.down) >= plenty;
    for (const direction of ["up", "down"] as const) {
      const bytes = this.#bytes[direction];
      for (const amount of bytes) if (amount >= leastBytes) count[direction] += 1;
      bytes.fill(0);
      this.#total[direction] = 0;
    }
    // The acknowledgements of what goes one way are flows of the other way.
    const flows = Math.max(count.up, count.down);
    return served ? Math.min(1, flows) : flows;
  }
}
