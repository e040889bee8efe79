/** Figures of each rate limit's bucket in shared memory. */
import { Slots } from "./slots.ts";

/**
 * tokens: may be negative; taken and dropped only grow; waited_ms: of the packet that passed last. waiting: 1 while
 * packets wait for a bucket that other threads have too. shared_tokens, shared_at, shared_lock: the level of such a
 * bucket, in the slot of the thread that had it first.
 */
const fields = [
  "tokens",
  "taken",
  "dropped",
  "waited_ms",
  "waiting",
  "shared_tokens",
  "shared_at",
  "shared_lock",
] as const;

export type BucketField = (typeof fields)[number];

/** Values of one slot. */
export const bucketWidth: number = fields.length;

export const bucketField: Readonly<Record<BucketField, number>> = {
  tokens: 0,
  taken: 1,
  dropped: 2,
  waited_ms: 3,
  waiting: 4,
  shared_tokens: 5,
  shared_at: 6,
  shared_lock: 7,
};

/** Room for `capacity` buckets. */
export function createBucketSlots(capacity: number): Float64Array<SharedArrayBuffer> {
  return new Float64Array(new SharedArrayBuffer(capacity * bucketWidth * 8));
}

/** The writing side. */
export class BucketSlots extends Slots {
  constructor(values: Float64Array) {
    super(values, bucketWidth);
  }
}
