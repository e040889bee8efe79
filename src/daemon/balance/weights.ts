import type { Millis } from "../../shared/clock.ts";

/** Length of the slow start after a failure. */
export const slowStartWindow: Millis = 30_000;
/** Where the slow start begins: enough flows to see how it does. */
const rampStart = 0.1;
/** Most that the factor moves in a second, of its value. */
const stepLimit = 0.1;
/** A fall begins only when the target is this far below, so that noise moves nothing. */
const noiseBand = 0.1;
/** Time from one change of direction to the next, so that weights and round trips can't chase each other. */
const turnHold: Millis = 60_000;
/** Least factor: a weight of nothing would never show that it is better. */
const floor = 0.01;
const leastRttFactor = 0.25;
/** Round trips up to this long count as equal: they tell how soon two processes got a processor, and nothing of the path. */
const nearRtt: Millis = 5;
/** Load in percent from which on a server should get less. */
const busy = 70;
/** What a server with full load loses of its weight. */
const fullLoss = 0.75;

/** What a backend's weight depends on, measured over the last seconds. */
export interface Measured {
  /** Average round trip (`averageAfter`); undefined when none was measured. */
  readonly rtt: Millis | undefined;
  /** Share of failed calls, 0 to 1. */
  readonly failureRate: number;
  /** `slowStart`'s answer. */
  readonly ramp: number;
  /** What the server says that it can take, 0 (full) to 1 (idle); 1 when it says nothing. */
  readonly loadHint: number;
}

type Trend = "rising" | "falling";

/** What measurements make of a configured weight. */
export interface WeightFactor {
  /** 0.01 to 1. */
  readonly value: number;
  readonly trend: Trend;
  /** When the trend last changed. */
  readonly turnedAt: Millis | undefined;
  /** When it was last looked at. */
  readonly at: Millis;
}

/** Factor of a backend at the start of the process: full weight, no slow start. */
export function initialFactor(now: Millis): WeightFactor {
  return { value: 1, trend: "rising", turnedAt: undefined, at: now };
}

/** Factor of a backend that just came back from a failure: where its slow start begins. */
export function recoveredFactor(now: Millis): WeightFactor {
  return { value: rampStart, trend: "rising", turnedAt: undefined, at: now };
}

/** Progress of the slow start, 0.1 to 1, linear; 1 when the backend has not failed since the process started. */
export function slowStart(recoveredAt: Millis | undefined, now: Millis): number {
  if (recoveredAt === undefined) return 1;
  const progress = clamp((now - recoveredAt) / slowStartWindow, 0, 1);
  return rampStart + (1 - rampStart) * progress;
}

/** The middle of the known round trips, of two middle ones the smaller: of two backends the slower one is slow. */
export function medianRtt(rtts: readonly (Millis | undefined)[]): Millis | undefined {
  const known = rtts.filter((rtt) => rtt !== undefined).toSorted((one, other) => one - other);
  return known[Math.floor((known.length - 1) / 2)];
}

/** What a server with `load` percent of its core in use can take more of, 0.25 to 1: busy is fine, full is not. */
export function loadHint(load: number): number {
  return clamp(1 - (fullLoss * (load - busy)) / (100 - busy), 1 - fullLoss, 1);
}

/**
 * Where the factor should go: clamp(median / rtt, 0.25, 1) × (1 − failure rate) × slow start × load hint. Round trips below
 * 5 ms count as 5 ms.
 */
export function targetFactor({ rtt, failureRate, ramp, loadHint }: Measured, median: Millis | undefined): number {
  const speed = rtt === undefined || median === undefined ? 1 : Math.max(median, nearRtt) / Math.max(rtt, nearRtt);
  return clamp(speed, leastRttFactor, 1) * (1 - clamp(failureRate, 0, 1)) * clamp(ramp, 0, 1) * clamp(loadHint, 0, 1);
}

/** One look, meant for once a second: moves at most 10 % a second towards the target, however often it is called. */
export function stepFactor(factor: WeightFactor, target: number, now: Millis): WeightFactor {
  const goal = clamp(target, floor, 1);
  const trend = trendTowards(goal, factor);
  const turns = trend !== factor.trend;
  const held = turns && factor.turnedAt !== undefined && now - factor.turnedAt < turnHold;
  if (trend === undefined || held) return { ...factor, at: now };
  const limit = stepLimit * clamp((now - factor.at) / 1000, 0, 1);
  const value = clamp(goal, factor.value * (1 - limit), factor.value * (1 + limit));
  return { value, trend, turnedAt: turns ? now : factor.turnedAt, at: now };
}

/** Undefined when there is nothing to do. */
function trendTowards(goal: number, { value, trend }: WeightFactor): Trend | undefined {
  if (goal > value) return "rising";
  return goal < value * (trend === "falling" ? 1 : 1 - noiseBand) ? "falling" : undefined;
}

/** The weight that counts: the operator's, while pinned, at once; else the configured one times the factor. */
export function effectiveWeight(configured: number, factor: WeightFactor, pinned: number | undefined): number {
  return pinned ?? configured * factor.value;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
