import type { Clock, Timer } from "../../shared/clock.ts";
import type { Connection, HistoryPoint } from "../../shared/control/snapshot.ts";
import { linkField } from "../metrics/link-slots.ts";
import { readDrops, readTotals } from "../metrics/counters.ts";
import { connectionId, type LinkBook, type LinkRecord, shortSession } from "../pool/link-book.ts";
import { type Rate, Rates } from "./rates.ts";

const interval = 1000;
/** 15 minutes. */
const kept = 900;

/** The control flow: once a second, sample the data thread's counters, then tell who depends on them. */
export class Monitor {
  readonly #clock: Clock;
  readonly #counters: Float64Array;
  readonly #slots: Float64Array;
  readonly #links: LinkBook;
  readonly #sessionCount: () => number;
  readonly #listeners = new Set<() => void>();
  readonly #linkRates = new Rates<number>();
  readonly #total = new Rates<"total">();
  readonly #history: HistoryPoint[] = [];
  readonly #timer: Timer;
  #sampled = new Set<number>();

  constructor(parts: {
    clock: Clock;
    counters: Float64Array;
    slots: Float64Array;
    links: LinkBook;
    sessionCount: () => number;
  }) {
    this.#clock = parts.clock;
    this.#counters = parts.counters;
    this.#slots = parts.slots;
    this.#links = parts.links;
    this.#sessionCount = parts.sessionCount;
    this.#timer = parts.clock.every(interval, () => this.tick());
  }

  get history(): HistoryPoint[] {
    return this.#history;
  }

  tick(): void {
    const rate = this.#sampleTotals();
    this.#sampleLinks();
    this.#remember(rate);
    for (const listener of this.#listeners) listener();
  }

  /** Calls after each tick. */
  onTick(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  stop(): void {
    this.#timer.cancel();
  }

  /** Last round trip in milliseconds, and bits a second of both directions; undefined while the link is being made. */
  figures({ link, slot }: LinkRecord): { rtt: number | undefined; bps: number } | undefined {
    if (slot === undefined) return undefined;
    const rtt = this.#value(slot, "rtt_ms");
    const { rx_bps, tx_bps } = this.#linkRates.get(link);
    return { rtt: Number.isNaN(rtt) ? undefined : rtt, bps: rx_bps + tx_bps };
  }

  /** The links as the console shows them. */
  connections(): Connection[] {
    const now = this.#clock.now();
    return [...this.#links].map((record) => {
      const slot = record.slot;
      const rtt = slot === undefined ? Number.NaN : this.#value(slot, "rtt_ms");
      return {
        id: connectionId(record.link),
        kind: "link",
        identity: record.identity,
        session: shortSession(record.session),
        backend: record.backend,
        remote: record.remote,
        inner: [...record.inner],
        state: record.state,
        since_seconds: Math.round((now - record.since) / 1000),
        rx_bytes: slot === undefined ? 0 : this.#value(slot, "rx_bytes"),
        tx_bytes: slot === undefined ? 0 : this.#value(slot, "tx_bytes"),
        ...this.#linkRates.get(record.link),
        rtt_ms: Number.isNaN(rtt) ? null : Math.round(rtt * 1000) / 1000,
        limited_by: slot !== undefined && this.#value(slot, "queued_bytes") > 0 ? "peer_window" : "nothing",
      };
    });
  }

  #value(slot: number, field: keyof typeof linkField): number {
    return this.#slots[slot + linkField[field]] ?? 0;
  }

  #sampleTotals(): Rate {
    const { rx_bytes, tx_bytes } = readTotals(this.#counters);
    return this.#total.sample("total", this.#clock.now(), rx_bytes, tx_bytes);
  }

  #sampleLinks(): void {
    const now = this.#clock.now();
    const seen = new Set<number>();
    for (const { link, slot } of this.#links) {
      if (slot === undefined) continue;
      seen.add(link);
      this.#linkRates.sample(link, now, this.#value(slot, "rx_bytes"), this.#value(slot, "tx_bytes"));
    }
    for (const link of this.#sampled) if (!seen.has(link)) this.#linkRates.forget(link);
    this.#sampled = seen;
  }

  #remember(rate: Rate): void {
    const drops = Object.values(readDrops(this.#counters)).reduce((sum, count) => sum + count, 0);
    this.#history.push({
      time_ms: this.#clock.wall(),
      ...rate,
      connections: this.#links.size,
      sessions: this.#sessionCount(),
      dropped: drops,
    });
    if (this.#history.length > kept) this.#history.shift();
  }
}
