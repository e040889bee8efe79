import type { Millis } from "../../shared/clock.ts";

interface Bucket {
  left: number;
  at: Millis;
  suppressed: number;
}

const burst = 30;
const perSecond = 1;
const keptPeers = 1024;
/** All peers without an identity together: a stranger has as many addresses as it likes. */
const strangersBurst = 100;
const strangersPerSecond = 10;

/** Keeps a peer from filling the log: 30 lines at once and one a second for each, and ten a second for all strangers. */
export class PeerLimit {
  readonly #peers = new Map<string, Bucket>();
  readonly #strangers: Bucket = { left: strangersBurst, at: 0, suppressed: 0 };
  /** Lines left out, of this run. */
  suppressed = 0;

  /** Lines about the peer that were left out since the last that was not; undefined when this one is left out too. */
  take(peer: string, known: boolean, now: Millis): number | undefined {
    const bucket = this.#bucket(peer, now);
    const passes = pass(bucket, burst, perSecond, now);
    if (passes && (known || pass(this.#strangers, strangersBurst, strangersPerSecond, now))) {
      const before = bucket.suppressed;
      bucket.suppressed = 0;
      return before;
    }
    bucket.suppressed += 1;
    this.suppressed += 1;
    return undefined;
  }

  #bucket(peer: string, now: Millis): Bucket {
    const bucket = this.#peers.get(peer) ?? { left: burst, at: now, suppressed: 0 };
    // The one that was used last is the last to be forgotten.
    this.#peers.delete(peer);
    this.#peers.set(peer, bucket);
    const oldest = this.#peers.size > keptPeers ? this.#peers.keys().next() : undefined;
    if (oldest?.done === false) this.#peers.delete(oldest.value);
    return bucket;
  }
}

function pass(bucket: Bucket, most: number, rate: number, now: Millis): boolean {
  bucket.left = Math.min(most, bucket.left + ((now - bucket.at) / 1000) * rate);
  bucket.at = now;
  if (bucket.left < 1) return false;
  bucket.left -= 1;
  return true;
}
