import type { Clock, Timer } from "../../shared/clock.ts";
import type { Connection, HistoryPoint, LimitedBy } from "../../shared/control/snapshot.ts";
import { linkField } from "../metrics/link-slots.ts";
import { readDrops, readTotals } from "../metrics/counters.ts";
import { connectionId, type LinkBook, type LinkRecord, shortSession } from "../pool/link-book.ts";
import { type Rate, Rates } from "./rates.ts";

const interval = 1000;
/** 15 minutes. */
const kept = 900;

/** How often packets for a link had to wait, since it began. */
interface Waits {
  readonly bucket: number;
  readonly window: number;
}

/** What packets waited for most since the last look. */
function limitedBy(before: Waits | undefined, { bucket, window }: Waits): LimitedBy {
  const forBucket = bucket - (before?.bucket ?? 0);
  const forWindow = window - (before?.window ?? 0);
  if (forBucket === 0 && forWindow === 0) return "nothing";
  return forBucket >= forWindow ? "bucket" : "peer_window";
}

/** What follows from the samples, each step on what the ones before it found. */
export interface ControlFlow {
  /** Checks that are due, and what has come to its end. */
  health(): void;
  /** What the balancer works with. */
  weights(): void;
  /** What the breakers let through. */
  breakers(): void;
  /** What the limits let pass. */
  rates(): void;
  /** What others get to see. */
  metrics(): void;
}

/** The control flow: once a second, sample the data thread's counters, then everything that depends on them. */
export class Monitor {
  readonly #clock: Clock;
  readonly #counters: Float64Array;
  readonly #slots: Float64Array;
  readonly #links: LinkBook;
  readonly #sessionCount: () => number;
  readonly #flow: ControlFlow;
  readonly #listeners = new Set<() => void>();
  readonly #linkRates = new Rates<number>();
  readonly #total = new Rates<"total">();
  readonly #history: HistoryPoint[] = [];
  readonly #timer: Timer;
  readonly #waits = new Map<number, Waits>();
  readonly #limitedBy = new Map<number, LimitedBy>();
  #sampled = new Set<number>();

  constructor(parts: {
    clock: Clock;
    counters: Float64Array;
    slots: Float64Array;
    links: LinkBook;
    sessionCount: () => number;
    flow: ControlFlow;
  }) {
    this.#clock = parts.clock;
    this.#counters = parts.counters;
    this.#slots = parts.slots;
    this.#links = parts.links;
    this.#sessionCount = parts.sessionCount;
    this.#flow = parts.flow;
    this.#timer = parts.clock.every(interval, () => this.tick());
  }

  get history(): HistoryPoint[] {
    return this.#history;
  }

  tick(): void {
    this.#sample();
    this.#flow.health();
    this.#flow.weights();
    this.#flow.breakers();
    this.#flow.rates();
    this.#flow.metrics();
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

  /** Of each session whether its links took less than its limit let pass, over the last second. */
  slowSessions(): ReadonlyMap<string, boolean> {
    const slow = new Map<string, boolean>();
    for (const { link, session } of this.#links) {
      const id = shortSession(session);
      if (id !== "") slow.set(id, slow.get(id) === true || this.#limitedBy.get(link) === "peer_window");
    }
    return slow;
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
        limited_by: this.#limitedBy.get(record.link) ?? "nothing",
      };
    });
  }

  #value(slot: number, field: keyof typeof linkField): number {
    return this.#slots[slot + linkField[field]] ?? 0;
  }

  #sample(): void {
    const rate = this.#sampleTotals();
    this.#sampleLinks();
    this.#remember(rate);
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
      this.#sampleWaits(link, slot);
    }
    for (const link of this.#sampled) if (!seen.has(link)) this.#forget(link);
    this.#sampled = seen;
  }

  #sampleWaits(link: number, slot: number): void {
    const waits = { bucket: this.#value(slot, "bucket_waits"), window: this.#value(slot, "window_waits") };
    this.#limitedBy.set(link, limitedBy(this.#waits.get(link), waits));
    this.#waits.set(link, waits);
  }

  #forget(link: number): void {
    this.#linkRates.forget(link);
    this.#waits.delete(link);
    this.#limitedBy.delete(link);
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
