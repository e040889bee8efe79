import type { RuleCount } from "./rules.ts";

/** Why a frame did not arrive. `refused`: the interface on the far side did not take it. */
export type DropReason = "rule" | "queue" | "loss" | "burst" | "refused";

/**
 * Counters of one direction. At any moment
 * `frames_in + duplicated = frames_out + Σ dropped + queued + flying`.
 */
export interface DirectionReport {
  readonly frames_in: number;
  readonly bytes_in: number;
  readonly frames_out: number;
  readonly bytes_out: number;
  readonly dropped: Readonly<Record<DropReason, number>>;
  readonly duplicated: number;
  readonly corrupted: number;
  /** Frames held so that later ones could overtake. */
  readonly held: number;
  /** Frames that wait for the rate, and those on their way after it. */
  readonly queued: number;
  readonly flying: number;
  readonly most_queued_bytes: number;
  /** How much later than due frames were handed over: what the emulator itself adds. */
  readonly late_mean_ms: number;
  readonly late_most_ms: number;
  readonly rules: Readonly<Record<string, RuleCount>>;
}

export interface LinkReport {
  readonly seed: number;
  readonly a_to_b: DirectionReport;
  readonly b_to_a: DirectionReport;
}
