import type { Millis } from "../../shared/clock.ts";

/** How many bytes may be on their way over a link, and what that was learned from. */
export interface Flight {
  readonly bytes: number;
  /** Bytes a millisecond that the peer acknowledged while there was always more to send; undefined until then. */
  readonly pace: number | undefined;
  /** When the pace last rose by much. */
  readonly roseAt: Millis;
  /** The best pace since `peakSince`, during which there was always more to send. */
  readonly peak: number;
  readonly peakSince: Millis;
  readonly acknowledged: number;
  readonly at: Millis;
  readonly busy: boolean;
}

export interface FlightSample {
  readonly now: Millis;
  /** Bytes that the peer's kernel has acknowledged since the link began. */
  readonly acknowledged: number;
  /** The shortest round trip that the kernel has seen. */
  readonly minRtt: Millis;
  /** Whether there is more to send than is on its way. */
  readonly busy: boolean;
}

/** What is on its way can't be overtaken: so much of the path's rate may wait in it. */
const queueTime: Millis = 10;
/** Of the shortest round trip: acknowledgements come late and in bursts where others share the path. */
const roundTrips = 2;
/** Below, a lost packet is noticed late. */
const smallestFlight = 16 * 1024;
/** A path that takes this in 10 ms is fast: the kernel may have as much as it likes. */
export const largestFlight: number = 1024 * 1024;
/** Until the path's pace is known. */
const firstFlight = 256 * 1024;
/** Shorter samples say more about bursts of acknowledgements than about the path. */
export const shortestSample: Millis = 20;
const busySample: Millis = 100;
/** A path is believed to be slower only after so long. */
const slowerAfter: Millis = 1000;
const muchMore = 1.25;
const settledAfter: Millis = 500;

export function flightStart(now: Millis): Flight {
  const learned = { acknowledged: 0, at: now, busy: false };
  return { bytes: firstFlight, pace: undefined, roseAt: now, peak: 0, peakSince: now, ...learned };
}

/** A link that had nothing more to send tells only that its path is at least as fast as what was sent. */
export function flightStep(flight: Flight, sample: FlightSample): Flight {
  const { now: at, acknowledged, busy } = sample;
  const elapsed = at - flight.at;
  if (elapsed < shortestSample) return flight;
  const pace = (acknowledged - flight.acknowledged) / elapsed;
  const seen = { ...flight, at, acknowledged, busy };
  if (pace > (flight.pace ?? largestFlight / queueTime)) return paced(seen, pace, sample);
  if (!flight.busy || !busy) return { ...seen, peak: 0, peakSince: at };
  if (elapsed < busySample) return flight;
  const peak = Math.max(flight.peak, pace);
  if (flight.pace === undefined || at - flight.peakSince >= slowerAfter) return paced(seen, peak, sample);
  return { ...seen, peak };
}

/**
 * All that was on its way arrived in less than a third of the time that it was thought to need: not the path was the limit, but
 * what was allowed.
 */
export function flightStarved(flight: Flight, now: Millis): Flight {
  const pace = 2 * (flight.pace ?? flight.bytes / queueTime);
  return { ...flight, bytes: 2 * flight.bytes, pace, roseAt: now, peak: 0, peakSince: now };
}

/** How long `bytes` should need to arrive. */
export function arrivalTime({ bytes: allowed, pace = allowed / queueTime }: Flight, bytes: number): Millis {
  return bytes / pace;
}

function paced(flight: Flight, pace: number, { now, minRtt }: FlightSample): Flight {
  const bytes = Math.max(smallestFlight, Math.round(pace * (queueTime + roundTrips * minRtt)));
  const roseAt = pace > muchMore * (flight.pace ?? 0) ? now : flight.roseAt;
  return { ...flight, bytes, pace, roseAt, peak: 0, peakSince: now };
}

/** Whether the pace is the path's and not one that is still being found out, as at the start of a link. */
export function isSettled({ pace, roseAt }: Flight, now: Millis): boolean {
  return pace !== undefined && now - roseAt >= settledAfter;
}

/** Whether the path is slow enough that what waits must wait outside the socket. */
export function isBounded({ pace = 0 }: Flight): boolean {
  return pace * queueTime < largestFlight;
}
