import { getPriority } from "node:os";
import { schedSetattr, schedYield } from "./libc.ts";
import { allocateMemory } from "./memory.ts";

/** struct sched_attr of linux/sched/types.h, as sched_setattr(2) knew it first. */
const attrBytes = 48;

/** Nanoseconds; the kernel takes no less. */
export const shortestTimeSlice = 100_000;

/**
 * Asks the scheduler for time slices of so many nanoseconds (`shortestTimeSlice` to 100,000,000) for the calling thread: with short
 * ones it runs sooner after a wake-up, and no longer in all (EEVDF, Documentation/scheduler/sched-eevdf.rst). Kernels before 6.12
 * take no notice. False when it is not permitted.
 */
export function requestTimeSlice(nanoseconds: number): boolean {
  const attr = allocateMemory(attrBytes);
  attr.bytes.writeUInt32LE(attrBytes, 0);
  // Policy SCHED_OTHER and no flags; nice has to be said again.
  attr.bytes.writeInt32LE(getPriority(), 16);
  attr.bytes.writeBigUInt64LE(BigInt(nanoseconds), 24);
  return schedSetattr(0, attr.address, 0) === 0;
}

/** Lets whoever else is to run on this thread's processor go first (sched_yield(2)); returns at once when nobody is. */
export function yieldProcessor(): void {
  schedYield();
}
