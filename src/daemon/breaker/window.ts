import type { Millis } from "../../shared/clock.ts";

export type Outcome = "ok" | "slow" | "failed";

export interface Counts {
  readonly ok: number;
  readonly slow: number;
  readonly failed: number;
}

interface Bucket extends Counts {
  /** Which stretch of time: its begin divided by the length of a bucket. */
  readonly slot: number;
}

/** Outcomes of the last `buckets` stretches of time, the present one included; stretches without a call take no room. */
export interface Window {
  /** Length of one bucket. */
  readonly length: Millis;
  readonly buckets: readonly Bucket[];
}

const bucketsPerWindow = 12;

export function emptyWindow(span: Millis): Window {
  return { length: span / bucketsPerWindow, buckets: [] };
}

export function counted(window: Window, outcome: Outcome, now: Millis): Window {
  const slot = Math.floor(now / window.length);
  const current = live(window, now);
  const last = current.at(-1);
  const present = last?.slot === slot ? last : { slot, ok: 0, slow: 0, failed: 0 };
  const before = present === last ? current.slice(0, -1) : current;
  return { ...window, buckets: [...before, { ...present, [outcome]: present[outcome] + 1 }] };
}

export function totals(window: Window, now: Millis): Counts {
  const sum = { ok: 0, slow: 0, failed: 0 };
  for (const bucket of live(window, now)) {
    sum.ok += bucket.ok;
    sum.slow += bucket.slow;
    sum.failed += bucket.failed;
  }
  return sum;
}

export function calls(counts: Counts): number {
  return counts.ok + counts.slow + counts.failed;
}

/** Percent, 0 to 100; 0 without a call. */
export function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : (100 * part) / whole;
}

function live(window: Window, now: Millis): readonly Bucket[] {
  const oldest = Math.floor(now / window.length) - bucketsPerWindow + 1;
  return window.buckets.filter((bucket) => bucket.slot >= oldest);
}
