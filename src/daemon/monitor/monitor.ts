import type { Clock, Timer } from "../../shared/clock.ts";
import type { HistoryPoint } from "../../shared/control/snapshot.ts";
import { readDrops, readTotals } from "../metrics/counters.ts";
import type { LinkBook } from "../pool/link-book.ts";
import { LinkSamples } from "./link-samples.ts";
import { Rates } from "./rates.ts";

const interval = 1000;
/** 15 minutes. */
const kept = 900;

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
  readonly links: LinkSamples;
  readonly #clock: Clock;
  readonly #counters: readonly Float64Array[];
  readonly #book: LinkBook;
  readonly #sessionCount: () => number;
  readonly #flow: ControlFlow;
  readonly #listeners = new Set<() => void>();
  readonly #total = new Rates<"total">();
  readonly #history: HistoryPoint[] = [];
  readonly #timer: Timer;

  constructor(parts: {
    clock: Clock;
    counters: readonly Float64Array[];
    slots: Float64Array;
    links: LinkBook;
    sessionCount: () => number;
    flow: ControlFlow;
  }) {
    this.links = new LinkSamples(parts.clock, parts.slots, parts.links);
    this.#clock = parts.clock;
    this.#counters = parts.counters;
    this.#book = parts.links;
    this.#sessionCount = parts.sessionCount;
    this.#flow = parts.flow;
    this.#timer = parts.clock.every(interval, () => this.tick());
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

  /** Totals of the last 15 minutes, a point a second. */
  get history(): HistoryPoint[] {
    return this.#history;
  }

  /** Calls after each tick. */
  onTick(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  stop(): void {
    this.#timer.cancel();
  }

  #sample(): void {
    const { rx_bytes, tx_bytes } = readTotals(this.#counters);
    const rate = this.#total.sample("total", this.#clock.now(), rx_bytes, tx_bytes);
    this.links.sample();
    const drops = Object.values(readDrops(this.#counters)).reduce((sum, count) => sum + count, 0);
    this.#history.push({
      time_ms: this.#clock.wall(),
      ...rate,
      connections: this.#book.size,
      sessions: this.#sessionCount(),
      dropped: drops,
    });
    if (this.#history.length > kept) this.#history.shift();
  }
}
