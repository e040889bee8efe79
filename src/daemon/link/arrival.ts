import type { Millis } from "../../shared/clock.ts";

/** A connection that was accepted and is no link of a session yet. */
export interface Arrival {
  /** The number that its link has, or will have. */
  readonly link: number;
  readonly remote: string;
  /** Empty until TLS has shown it. */
  readonly identity: string;
  /** accepting: nothing of its handshake has come; authenticating: TLS is under way; configuring: HELLO is awaited. */
  readonly state: "accepting" | "authenticating" | "configuring";
  /** Since it was accepted. */
  readonly age: Millis;
}

/** Those of a moment. */
export interface Arrivals {
  readonly count: number;
  /** The furthest first, and of a state the oldest; strangers may come in thousands, so not more than `mostShown`. */
  readonly shown: readonly Arrival[];
}

export const mostShown = 64;
