/** Figures of each rate limit's bucket in shared memory. */
import { Slots } from "./slots.ts";

/** tokens: may be negative; taken and dropped only grow; waited_ms: of the packet that passed last. */
const fields = ["tokens", "taken", "dropped", "waited_ms"] as const;

export type BucketField = (typeof fields)[number];

const width = fields.length;

export const bucketField: Readonly<Record<BucketField, number>> = { tokens: 0, taken: 1, dropped: 2, waited_ms: 3 };

/** Room for `capacity` buckets. */
export function createBucketSlots(capacity: number): Float64Array<SharedArrayBuffer> {
  return new Float64Array(new SharedArrayBuffer(capacity * width * 8));
}

/** The writing side. */
export class BucketSlots extends Slots {
  constructor(values: Float64Array) {
    super(values, width);
  }
}
