import type { Millis } from "../../shared/clock.ts";

interface Sample {
  readonly at: Millis;
  readonly rx: number;
  readonly tx: number;
}

export interface Rate {
  /** Bits a second. */
  readonly rx_bps: number;
  readonly tx_bps: number;
}

/** Rates from counters that only grow, by key, between the last two samples. */
export class Rates<K> {
  readonly #last = new Map<K, Sample>();
  readonly #rates = new Map<K, Rate>();

  sample(key: K, at: Millis, rx: number, tx: number): Rate {
    const last = this.#last.get(key);
    this.#last.set(key, { at, rx, tx });
    const seconds = last === undefined ? 0 : (at - last.at) / 1000;
    const rate =
      last === undefined || seconds <= 0
        ? { rx_bps: 0, tx_bps: 0 }
        : {
            rx_bps: bitsPerSecond(rx - last.rx, seconds),
            tx_bps: bitsPerSecond(tx - last.tx, seconds),
          };
    this.#rates.set(key, rate);
    return rate;
  }

  get(key: K): Rate {
    return this.#rates.get(key) ?? { rx_bps: 0, tx_bps: 0 };
  }

  forget(key: K): void {
    this.#last.delete(key);
    this.#rates.delete(key);
  }
}

/** 0 for a counter that began anew. */
export function bitsPerSecond(bytes: number, seconds: number): number {
  return Math.max(0, Math.round((bytes * 8) / seconds));
}
