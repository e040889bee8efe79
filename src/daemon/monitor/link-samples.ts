import type { Clock } from "../../shared/clock.ts";
import type { Connection, LimitedBy } from "../../shared/control/snapshot.ts";
import { linkField } from "../metrics/link-slots.ts";
import { connectionId, type LinkBook, type LinkRecord, shortSession } from "../pool/link-book.ts";
import { Rates } from "./rates.ts";

/** Of a link since it began: how often packets for it had to wait, and microseconds in which the peer's window was why. */
interface Waits {
  readonly bucket: number;
  readonly window: number;
  readonly peerWindow: number;
}

/** Microseconds of a second that its peer's window kept a full link from sending for it to count as the reason. */
const tellingMicros = 100_000;

/** What packets waited for most since the last look. */
function limitedBy(before: Waits | undefined, { bucket, window, peerWindow }: Waits): LimitedBy {
  const forBucket = bucket - (before?.bucket ?? 0);
  const forWindow = window - (before?.window ?? 0);
  if (forBucket === 0 && forWindow === 0) return "nothing";
  if (forBucket >= forWindow) return "bucket";
  return peerWindow - (before?.peerWindow ?? 0) >= tellingMicros ? "peer_window" : "backend_rtt";
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
  readonly #rates = new Rates<number>();
  readonly #waits = new Map<number, Waits>();
  readonly #limitedBy = new Map<number, LimitedBy>();
  #sampled = new Set<number>();

  constructor(clock: Clock, slots: Float64Array, links: LinkBook) {
    this.#clock = clock;
    this.#slots = slots;
    this.#links = links;
  }

  /** Once a second. */
  sample(): void {
    const now = this.#clock.now();
    const seen = new Set<number>();
    for (const { link, slot } of this.#links) {
      if (slot === undefined) continue;
      seen.add(link);
      this.#rates.sample(link, now, this.#value(slot, "rx_bytes"), this.#value(slot, "tx_bytes"));
      this.#sampleWaits(link, slot);
    }
    for (const link of this.#sampled) if (!seen.has(link)) this.#forget(link);
    this.#sampled = seen;
  }

  /** Last round trip in milliseconds, and bits a second of both directions; undefined while the link is being made. */
  figures({ link, slot }: LinkRecord): { rtt: number | undefined; bps: number } | undefined {
    if (slot === undefined) return undefined;
    const rtt = this.#value(slot, "rtt_ms");
    const { rx_bps, tx_bps } = this.#rates.get(link);
    return { rtt: Number.isNaN(rtt) ? undefined : rtt, bps: rx_bps + tx_bps };
  }

  /** Of each session whether its links took less than its limit let pass, over the last second. */
  slowSessions(): ReadonlyMap<string, boolean> {
    const slow = new Map<string, boolean>();
    for (const { link, session } of this.#links) {
      const id = shortSession(session);
      if (id !== "") slow.set(id, slow.get(id) === true || isFull(this.#limitedBy.get(link)));
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
        ...this.#rates.get(record.link),
        rtt_ms: Number.isNaN(rtt) ? null : Math.round(rtt * 1000) / 1000,
        limited_by: this.#limitedBy.get(record.link) ?? "nothing",
      };
    });
  }

  #value(slot: number, field: keyof typeof linkField): number {
    return this.#slots[slot + linkField[field]] ?? 0;
  }

  #sampleWaits(link: number, slot: number): void {
    const waits = {
      bucket: this.#value(slot, "bucket_waits"),
      window: this.#value(slot, "window_waits"),
      peerWindow: this.#value(slot, "peer_window_us"),
    };
    this.#limitedBy.set(link, limitedBy(this.#waits.get(link), waits));
    this.#waits.set(link, waits);
  }

  #forget(link: number): void {
    this.#rates.forget(link);
    this.#waits.delete(link);
    this.#limitedBy.delete(link);
  }
}
