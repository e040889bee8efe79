/** Figures of each link in shared memory, one slot a link; a slot is used again after its link closed. */
import { Slots } from "./slots.ts";

/**
 * bucket_waits and window_waits grow whenever packets had to wait for a rate limit, or for the link to take more;
 * peer_window_us are microseconds in which the peer's receive window alone was why it took no more.
 */
const fields = [
  "rx_bytes",
  "tx_bytes",
  "rtt_ms",
  "queued_bytes",
  "bucket_waits",
  "window_waits",
  "peer_window_us",
] as const;

export type LinkField = (typeof fields)[number];

/** Values of one slot. */
export const linkWidth: number = fields.length;

export const linkField: Readonly<Record<LinkField, number>> = {
  rx_bytes: 0,
  tx_bytes: 1,
  rtt_ms: 2,
  queued_bytes: 3,
  bucket_waits: 4,
  window_waits: 5,
  peer_window_us: 6,
};

/** Room for `capacity` links. */
export function createLinkSlots(capacity: number): Float64Array<SharedArrayBuffer> {
  return new Float64Array(new SharedArrayBuffer(capacity * linkWidth * 8));
}

/** The writing side. */
export class LinkSlots extends Slots {
  constructor(values: Float64Array) {
    super(values, linkWidth);
  }

  /** rtt_ms is NaN until the first PONG. */
  override take(): number | undefined {
    const base = super.take();
    if (base !== undefined) this.values[base + linkField.rtt_ms] = Number.NaN;
    return base;
  }
}
