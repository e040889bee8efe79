/** How much a link may carry in one direction before it is to be replaced. */
export interface WearLimits {
  readonly bytes: number;
  readonly records: number;
}

/**
 * Records that one key may protect with room to spare: AES-GCM's bound is 2^24.5 (RFC 8446, 5.5), and Node can't begin a
 * key update.
 */
export const mostRecords: number = 2 ** 23;

const recordBytes = 16 * 1024;

/** Counts what one link's keys have protected, each direction by itself; rather too much than too little. */
export class Wear {
  readonly #limits: WearLimits;
  readonly #sent = { bytes: 0, records: 0 };
  readonly #received = { bytes: 0, records: 0 };
  #told = false;

  constructor(limits: WearLimits) {
    this.#limits = limits;
  }

  /** One write: it begins a record, and may be cut into several. */
  sent(bytes: number): void {
    this.#sent.bytes += bytes;
    this.#sent.records += 1 + Math.floor(bytes / recordBytes);
  }

  /** One piece that arrived: TLS hands over at most one record at a time. */
  received(bytes: number): void {
    this.#received.bytes += bytes;
    this.#received.records += 1;
  }

  /** True once, when a limit has been reached. */
  due(): boolean {
    if (this.#told || !(this.#over(this.#sent) || this.#over(this.#received))) return false;
    this.#told = true;
    return true;
  }

  #over(carried: { readonly bytes: number; readonly records: number }): boolean {
    return carried.bytes >= this.#limits.bytes || carried.records >= this.#limits.records;
  }
}
