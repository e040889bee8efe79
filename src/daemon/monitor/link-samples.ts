import type { Clock, Millis } from "../../shared/clock.ts";
import type { Connection, LimitedBy } from "../../shared/control/snapshot.ts";
import { linkField } from "../metrics/link-slots.ts";
import { connectionId, type LinkBook, type LinkRecord, shortSession } from "../pool/link-book.ts";
import { busiest } from "./busiest.ts";
import { bitsPerSecond } from "./rates.ts";

/** A link's figures at its last sample, and how they had changed. One object for its life: there may be ten thousand. */
interface Sample {
  at: Millis;
  /** Bytes since the link began. */
  rx: number;
  tx: number;
  /** Since the sample before. */
  rxMoved: number;
  txMoved: number;
  rxBps: number;
  txBps: number;
  /** How often packets for it had to wait, and microseconds in which the peer's window was why, since it began. */
  bucket: number;
  window: number;
  peerWindow: number;
  limitedBy: LimitedBy;
  /** The newest round of samples that found the link. */
  round: number;
}

/** Microseconds of a second that its peer's window kept a full link from sending for it to count as the reason. */
const tellingMicros = 100_000;

/** What packets waited for most since the last look. */
function limitedBy(bucket: number, window: number, peerWindow: number): LimitedBy {
  if (bucket === 0 && window === 0) return "nothing";
  if (bucket >= window) return "bucket";
  return peerWindow >= tellingMicros ? "peer_window" : "backend_rtt";
}

/** Whether a link had more to carry than it took. */
function isFull(by: LimitedBy | undefined): boolean {
  return by === "peer_window" || by === "backend_rtt";
}

/** What is measured of each link: from its figures in shared memory, and from how they changed. */
export class LinkSamples {
  readonly #clock: Clock;
  readonly #slots: Float64Array;
  readonly #links: LinkBook;
  readonly #samples = new Map<number, Sample>();
  #round = 0;

  constructor(clock: Clock, slots: Float64Array, links: LinkBook) {
    this.#clock = clock;
    this.#slots = slots;
    this.#links = links;
  }

  /** Once a second. */
  sample(): void {
    const now = this.#clock.now();
    this.#round += 1;
    let found = 0;
    for (const { link, slot } of this.#links) {
      if (slot === undefined) continue;
      found += 1;
      const sample = this.#samples.get(link);
      if (sample === undefined) this.#samples.set(link, this.#first(slot, now));
      else this.#next(sample, slot, now);
    }
    if (found === this.#samples.size) return;
    for (const [link, { round }] of this.#samples) if (round !== this.#round) this.#samples.delete(link);
  }

  /** Calls with the bytes that each link moved from the sample before the last one to that. */
  eachMoved(visit: (identity: string, rx: number, tx: number) => void): void {
    for (const { link, identity } of this.#links) {
      const sample = this.#samples.get(link);
      if (sample !== undefined) visit(identity, sample.rxMoved, sample.txMoved);
    }
  }

  /** Last round trip in milliseconds, and bits a second of both directions; undefined while the link is being made. */
  figures({ link, slot }: LinkRecord): { rtt: number | undefined; bps: number } | undefined {
    if (slot === undefined) return undefined;
    const rtt = this.#value(slot, "rtt_ms");
    return { rtt: Number.isNaN(rtt) ? undefined : rtt, bps: this.#bps(link) };
  }

  /** Of each session whether its links took less than its limit let pass, over the last second. */
  slowSessions(): ReadonlyMap<string, boolean> {
    const slow = new Map<string, boolean>();
    for (const { link, session } of this.#links) {
      const id = shortSession(session);
      if (id !== "") slow.set(id, slow.get(id) === true || isFull(this.#samples.get(link)?.limitedBy));
    }
    return slow;
  }

  /** The links as the console shows them: all, or the `most` with the most traffic. */
  connections(most: number = Number.POSITIVE_INFINITY): Connection[] {
    const now = this.#clock.now();
    const shown = busiest([...this.#links], most, ({ link }) => this.#bps(link));
    return shown.map((record) => this.#connection(record, now));
  }

  #connection(record: LinkRecord, now: Millis): Connection {
    const { slot } = record;
    const sample = this.#samples.get(record.link);
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
      rx_bps: sample?.rxBps ?? 0,
      tx_bps: sample?.txBps ?? 0,
      rtt_ms: Number.isNaN(rtt) ? null : Math.round(rtt * 1000) / 1000,
      limited_by: sample?.limitedBy ?? "nothing",
    };
  }

  #bps(link: number): number {
    const sample = this.#samples.get(link);
    return sample === undefined ? 0 : sample.rxBps + sample.txBps;
  }

  #value(slot: number, field: keyof typeof linkField): number {
    return this.#slots[slot + linkField[field]] ?? 0;
  }

  #first(slot: number, at: Millis): Sample {
    const rx = this.#value(slot, "rx_bytes");
    const tx = this.#value(slot, "tx_bytes");
    const bucket = this.#value(slot, "bucket_waits");
    const window = this.#value(slot, "window_waits");
    const peerWindow = this.#value(slot, "peer_window_us");
    return {
      at,
      rx,
      tx,
      rxMoved: rx,
      txMoved: tx,
      rxBps: 0,
      txBps: 0,
      bucket,
      window,
      peerWindow,
      limitedBy: limitedBy(bucket, window, peerWindow),
      round: this.#round,
    };
  }

  #next(sample: Sample, slot: number, at: Millis): void {
    const rx = this.#value(slot, "rx_bytes");
    const tx = this.#value(slot, "tx_bytes");
    const bucket = this.#value(slot, "bucket_waits");
    const window = this.#value(slot, "window_waits");
    const peerWindow = this.#value(slot, "peer_window_us");
    const seconds = (at - sample.at) / 1000;
    sample.round = this.#round;
    sample.limitedBy = limitedBy(bucket - sample.bucket, window - sample.window, peerWindow - sample.peerWindow);
    sample.bucket = bucket;
    sample.window = window;
    sample.peerWindow = peerWindow;
    sample.rxMoved = Math.max(0, rx - sample.rx);
    sample.txMoved = Math.max(0, tx - sample.tx);
    sample.rxBps = seconds <= 0 ? 0 : bitsPerSecond(rx - sample.rx, seconds);
    sample.txBps = seconds <= 0 ? 0 : bitsPerSecond(tx - sample.tx, seconds);
    sample.rx = rx;
    sample.tx = tx;
    sample.at = at;
  }
}
