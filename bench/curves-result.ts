import type { RoundTrips } from "./ping.ts";

/** What bench/curves.ts writes. */
export interface Curves {
  /** Of each measurement. */
  seconds: number;
  curves: Curve[];
  overhead: Overhead[];
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

export interface Overhead {
  /** What was sent. */
  name: string;
  /** Bytes on the wire, with every header of the outer packets, for each byte of the inner packets. */
  ratio: number;
}
