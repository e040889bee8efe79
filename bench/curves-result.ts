import type { RoundTrips } from "./ping.ts";

/** What bench/curves.ts writes. */
export interface Curves {
  /** Of each measurement. */
  seconds: number;
  curves: Curve[];
}

export interface Curve {
  name: string;
  /** What grows. */
  axis: string;
  points: Point[];
}

export interface Point {
  /** How many there are. */
  at: number;
  relay_mbps: number;
  tunnel_mbps: number;
  relay: RoundTrips;
  tunnel: RoundTrips;
}
