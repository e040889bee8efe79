import type { Millis } from "../../shared/clock.ts";

/** How many bytes may be on their way into a link's socket, and what that was learned from. */
export interface Flight {
  readonly bytes: number;
  /** Bytes a millisecond that the peer acknowledged while there was always more to send; undefined until then. */
  readonly pace: number | undefined;
  readonly acknowledged: number;
  readonly at: Millis;
  readonly busy: boolean;
}

export interface FlightSample {
  readonly now: Millis;
  /** Bytes that the peer's kernel has acknowledged since the link began. */
  readonly acknowledged: number;
  /** Whether bytes wait to be sent. */
  readonly busy: boolean;
}

/** Several links may share a path of few Mbit/s: more than this in each would be tens of milliseconds. */
const smallestFlight = 8 * 1024;
/** What is in the socket can't be overtaken: so much of the path's rate. */
const flightTime: Millis = 10;
export const largestFlight: number = 1024 * 1024;
/** Until the link's rate is known. */
const firstFlight = 256 * 1024;
/** Shorter samples say more about bursts of acknowledgements than about the path. */
export const shortestSample: Millis = 20;
/** A path is believed to be slower only after so long. */
const slowerAfter: Millis = 100;

export function flightStart(now: Millis): Flight {
  return { bytes: firstFlight, pace: undefined, acknowledged: 0, at: now, busy: false };
}

/**
 * Bytes in flight = clamp(delivery rate × 10 ms). A link that had nothing more to send tells only that its path is at
 * least as fast as what was sent.
 */
export function flightStep(flight: Flight, sample: FlightSample): Flight {
  const elapsed = sample.now - flight.at;
  if (elapsed < shortestSample) return flight;
  const pace = (sample.acknowledged - flight.acknowledged) / elapsed;
  const faster = pace > (flight.pace ?? largestFlight / flightTime);
  const slower = flight.busy && sample.busy;
  if (!faster && slower && elapsed < slowerAfter) return flight;
  const { now: at, acknowledged, busy } = sample;
  if (!faster && !slower) return { ...flight, at, acknowledged, busy };
  const bytes = Math.min(largestFlight, Math.max(smallestFlight, Math.round(pace * flightTime)));
  return { bytes, pace, acknowledged, at, busy };
}

/** Whether the path is slow enough that what waits must wait outside the socket. */
export function isBounded({ bytes }: Flight): boolean {
  return bytes < largestFlight;
}
