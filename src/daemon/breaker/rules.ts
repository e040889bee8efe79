import type { Millis } from "../../shared/clock.ts";

/** When a breaker trips and how long it stays open: the settings of `circuit_breaker`. Rates are percent, 1 to 100. */
export interface Rules {
  /** Share of failed calls in the window that opens the breaker. */
  readonly failure_rate: number;
  /** Share of slow calls in the window that opens the breaker. */
  readonly slow_rate: number;
  /** Calls in the window before a rate counts. */
  readonly minimum_calls: number;
  /** Failures in a row that open the breaker, however few the calls. */
  readonly consecutive: number;
  /** A call that takes longer is slow. */
  readonly slow_call: Millis;
  /** How far back calls count. */
  readonly window: Millis;
  /** First open time; doubles with each opening that no healthy minute paid off. */
  readonly open: Millis;
  /** Longest open time. */
  readonly open_max: Millis;
  /** observe: counts, admits everything and never opens. */
  readonly mode: "enforce" | "observe";
}

/** Calls admitted while half-open. */
export const probePermits = 3;
/** A probe without a result ends as a failure. */
export const probeTimeout: Millis = 10_000;
/** With at least one probe passed and none under way for this long, half-open closes: nobody needs more calls. */
export const quietTime: Millis = 10_000;
/** Longest open time of a backend that has no eligible alternative. */
export const aloneOpenMax: Millis = 5000;
/** Closed for this long without a failure pays off one opening. */
export const healthyMinute: Millis = 60_000;
