import type { Millis } from "../../shared/clock.ts";

export interface LivenessRules {
  /** Between PINGs. */
  readonly interval: Millis;
  /** How long a PONG may take once the peer's kernel has the PING. */
  readonly timeout: Millis;
  /** Unanswered PINGs after which the link is dead. */
  readonly misses: number;
  /** How long acknowledgements may stand still while data is outstanding and nothing arrives. */
  readonly stall: Millis;
}

/** Sessions with which a server waits three times as long between PINGs. */
const manySessions = 10_000;

/** Between PINGs of a server with so many sessions: their number must not decide what idle links cost. */
export function stretched(interval: Millis, sessions: number): Millis {
  return Math.round(interval * (1 + 2 * Math.min(1, sessions / manySessions)));
}

/** What the socket says at one tick. */
export interface LivenessSample {
  readonly now: Millis;
  /** Bytes that arrived since the link began. */
  readonly received: number;
  /** Bytes that the peer's kernel has acknowledged since the link began. */
  readonly acknowledged: number;
  /** Whether bytes wait for an acknowledgement, or to be sent. */
  readonly outstanding: boolean;
}

export interface Liveness {
  readonly received: number;
  readonly acknowledged: number;
  /** When a byte last arrived, or acknowledgements last grew, or nothing was outstanding. */
  readonly progressAt: Millis;
  /** When acknowledgements last grew, or nothing was outstanding. */
  readonly acknowledgedAt: Millis;
  /** When the PING that waits for an answer was last seen undelivered: its answer is due after that. */
  readonly ping: { readonly deliveredAt: Millis } | undefined;
  readonly missed: number;
  readonly nextPingAt: Millis;
}

export type LivenessVerdict = "nothing" | "ping" | "stalled" | "silent";

export function livenessStart(now: Millis, rules: LivenessRules, jitter: number): Liveness {
  return {
    received: 0,
    acknowledged: 0,
    progressAt: now,
    acknowledgedAt: now,
    ping: undefined,
    missed: 0,
    nextPingAt: now + rules.interval * jitter,
  };
}

/** Whether a tick that finds nothing outstanding has nothing to decide. */
export function isQuiet(state: Liveness, received: number, now: Millis): boolean {
  return received === state.received && state.ping === undefined && now < state.nextPingAt;
}

/** The state after ticks that found it quiet, the last one at `until`. */
export function quietUntil(state: Liveness, until: Millis): Liveness {
  return until <= state.progressAt ? state : { ...state, progressAt: until, acknowledgedAt: until };
}

/**
 * One tick. A link is dead in two cases: nothing arrived and acknowledgements stood still for `stall` while data was
 * outstanding (the path is gone); or the peer's kernel has our PINGs but its program does not answer (`misses`
 * times). A late PONG behind queued data kills nothing. `jitter` is 0.9 to 1.1.
 */
export function livenessStep(
  state: Liveness,
  rules: LivenessRules,
  sample: LivenessSample,
  jitter: number,
): { state: Liveness; verdict: LivenessVerdict } {
  const { now } = sample;
  const heard = sample.received > state.received;
  const acknowledged = sample.acknowledged > state.acknowledged || !sample.outstanding;
  const progressed = heard || acknowledged;
  let next: Liveness = {
    ...state,
    received: sample.received,
    acknowledged: sample.acknowledged,
    progressAt: progressed ? now : state.progressAt,
    acknowledgedAt: acknowledged ? now : state.acknowledgedAt,
  };
  if (!progressed && now - state.progressAt >= rules.stall) return { state: next, verdict: "stalled" };
  // Any byte proves the peer alive. PINGs go on all the same: under traffic they are what tells the rtt.
  if (heard) next = { ...next, ping: undefined, missed: 0 };
  if (next.ping !== undefined) {
    if (sample.outstanding) return { state: { ...next, ping: { deliveredAt: now } }, verdict: "nothing" };
    const due = state.missed === 0 ? rules.timeout : Math.min(rules.timeout, 1000);
    if (now - next.ping.deliveredAt < due) return { state: next, verdict: "nothing" };
    const missed = next.missed + 1;
    if (missed >= rules.misses) return { state: { ...next, missed }, verdict: "silent" };
    return { state: { ...next, missed, ping: { deliveredAt: now } }, verdict: "ping" };
  }
  if (now < next.nextPingAt) return { state: next, verdict: "nothing" };
  const nextPingAt = now + rules.interval * jitter;
  return { state: { ...next, ping: { deliveredAt: now }, nextPingAt }, verdict: "ping" };
}
