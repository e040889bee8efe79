import type { Bell } from "../handover/bell.ts";
import { createRing } from "../handover/ring.ts";
import type { AdmissionRules } from "../link/admission.ts";

/** What one of several data threads knows of the others; plain data and shared memory. */
export interface Team {
  /** Of this thread, from 0. */
  readonly index: number;
  /** Of all threads, this one too. */
  readonly count: number;
  /** By writer, then reader; a thread has none with itself. */
  readonly rings: readonly (readonly (SharedArrayBuffer | undefined)[])[];
  /** Of each thread. */
  readonly bells: readonly Bell[];
  /** Links of all threads together. */
  readonly openLinks: Int32Array<SharedArrayBuffer>;
  readonly mostLinks: number;
  /** Of each thread: where its buckets' figures are. */
  readonly bucketSlots: readonly Float64Array<SharedArrayBuffer>[];
}

/** What may lie in the rings to one thread together, and in one of them at least. */
const inboxBytes = 4 * 1024 * 1024;
const smallestRing = 512 * 1024;

/** Rings between `count` threads; their pages are taken when they are used. */
export function createRings(count: number): Team["rings"] {
  const capacity = Math.max(smallestRing, 2 ** Math.floor(Math.log2(inboxBytes / (count - 1))));
  const threads = Array.from({ length: count }, (_, index) => index);
  return threads.map((writer) => threads.map((reader) => (reader === writer ? undefined : createRing(capacity))));
}

/** Thread of a link: links are numbered so that it follows from the number. */
export function threadOf(link: number, count: number): number {
  return (link - 1) % count;
}

/** One thread's part of what may be under way on all of them, rounded up. */
export function admissionShare({ pending, perSource }: AdmissionRules, count: number): AdmissionRules {
  const share = (whole: number): number => Math.ceil(whole / count);
  return {
    pending: share(pending),
    perSource: {
      pending: share(perSource.pending),
      rate: perSource.rate / count,
      burst: share(perSource.burst),
    },
  };
}
