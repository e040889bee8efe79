import type { Burst, Rate } from "../../shared/units.ts";

/** What may pass: so much a second, and so much at once after a pause. Whole numbers of at least 1. */
export interface Limit {
  /** Inner IP bytes, or packets. */
  readonly unit: "bytes" | "packets";
  readonly perSecond: number;
  readonly burst: number;
}

/** Of the rate, when no burst is set. */
const burstSeconds = 0.1;

/** The limit that a rate and a burst of the same unit say; undefined for an unlimited rate. */
export function limitOf(rate: Rate, burst: Burst | undefined): Limit | undefined {
  if (rate.kind === "unlimited") return undefined;
  const { kind: unit, per_second: perSecond } = rate;
  return { unit, perSecond, burst: burst?.amount ?? Math.max(1, Math.round(perSecond * burstSeconds)) };
}
