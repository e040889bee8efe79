import type { Millis } from "../../shared/clock.ts";

/** Estimate of a round trip that jumps up with the worst and comes down slowly (Finagle's "peak EWMA"). */
export interface PeakRtt {
  readonly estimate: Millis;
  /** When it was last measured. */
  readonly at: Millis;
}

/** Time in which an estimate that is not renewed falls to 1/e. */
const decayTime: Millis = 10_000;

/** Share of a new sample in the average, as in TCP's (RFC 6298). */
const averageGain = 1 / 8;

/** The estimate after one more measured round trip. */
export function peakAfter(previous: PeakRtt | undefined, sample: Millis, now: Millis): PeakRtt {
  if (previous === undefined || sample >= previous.estimate) return { estimate: sample, at: now };
  const kept = Math.exp(-Math.max(0, now - previous.at) / decayTime);
  return { estimate: previous.estimate * kept + sample * (1 - kept), at: now };
}

/** The estimate as it counts at `now`: a backend that was slow and is left alone gets another chance. */
export function decayed(rtt: PeakRtt, now: Millis): Millis {
  return rtt.estimate * Math.exp(-Math.max(0, now - rtt.at) / decayTime);
}

/** The calm average of round trips that weights are made of: one late answer hardly moves it. */
export function averageAfter(previous: Millis | undefined, sample: Millis): Millis {
  return previous === undefined ? sample : previous + (sample - previous) * averageGain;
}
