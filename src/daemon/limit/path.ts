import type { Millis } from "../../shared/clock.ts";
import type { TokenBucket } from "./token-bucket.ts";

const itsTurn = (bucket: TokenBucket, now: Millis): Millis => bucket.waitTurn(now);
const itsTokens = (bucket: TokenBucket, now: Millis): Millis => bucket.wait(now);

/** The buckets that a packet of one session passes in one direction: all are asked before any is taken from. */
export class BucketPath {
  readonly buckets: readonly TokenBucket[];
  /** The bucket that last had none; undefined before the first. */
  blocker: TokenBucket | undefined;

  constructor(buckets: readonly TokenBucket[]) {
    this.buckets = buckets;
  }

  /** How long until every bucket lets packets that can wait pass; 0 for now. */
  wait(now: Millis): Millis {
    return this.#longest(now, itsTurn);
  }

  #longest(now: Millis, waitOf: (bucket: TokenBucket, now: Millis) => Millis): Millis {
    let longest = 0;
    for (const bucket of this.buckets) {
      const wait = waitOf(bucket, now);
      if (wait <= longest) continue;
      longest = wait;
      this.blocker = bucket;
    }
    return longest;
  }

  /** Takes for packets that had waited for so long. */
  take(bytes: number, packets: number, waited: Millis = 0): void {
    for (const bucket of this.buckets) bucket.take(bytes, packets);
    if (this.blocker !== undefined) this.blocker.waited = waited;
  }

  /** Takes when every bucket has tokens; false when one has none, which counts the packets as dropped. */
  police(bytes: number, packets: number, now: Millis): boolean {
    if (this.#longest(now, itsTokens) === 0) {
      this.take(bytes, packets);
      return true;
    }
    if (this.blocker !== undefined) this.blocker.dropped += packets;
    return false;
  }

  /** What passes in a millisecond at the lowest rate, at least 1; Infinity where nothing limits that unit. */
  perMilli(unit: "bytes" | "packets"): number {
    let least = Number.POSITIVE_INFINITY;
    for (const { limit } of this.buckets) {
      if (limit.unit === unit) least = Math.min(least, Math.max(1, limit.perSecond / 1000));
    }
    return least;
  }
}
