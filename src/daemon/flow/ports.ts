import type { Millis } from "../../shared/clock.ts";
import type { Lender } from "../link/send-queue.ts";
import type { DataSession, SessionLink } from "../session/data-session.ts";

/** A link as the flows use it. */
export interface FlowLink extends SessionLink {
  /** Bytes that wait for the socket. */
  readonly queuedBytes: number;
  /** Bytes that it takes before what is more should wait elsewhere; 0 or less: it is full. */
  readonly room: number;
  /** How long until it should have room again; undefined: whoever owns the link is told. */
  readonly roomIn: Millis | undefined;
  /** Whether its path is so slow that a packet behind others in the socket would be late. */
  readonly bounded: boolean;
  /** Whether the pace is its path's, and not one that is still being found out. */
  readonly settled: boolean;
  /** Bytes a millisecond that its path carries; undefined until that is known. */
  readonly pace: number | undefined;
  /** Takes whole frames: `units` of them, `innerBytes` of IP packets. `bytes` stay untouched until given back. */
  send(bytes: Uint8Array, units: number, innerBytes: number, lender: Lender | undefined): void;
}

export type FlowSession = DataSession<FlowLink>;

/** Where units go whose session has its links on other threads (`session.elsewhere`, which is not empty). */
export interface HandOver {
  /**
   * Copies the unit of `length` bytes, its header in link form included, for one of those threads; false: it has no
   * room. `hops` tells how often it was handed over before.
   */
  offer(session: FlowSession, flow: number, bytes: Uint8Array, header: number, length: number, hops: number): boolean;
  /** What was offered is to be looked at now. */
  flush(): void;
}

/** Who gets a packet that surfaced on the TUN, by destination. */
export interface Destinations {
  owner4(word: number): FlowSession | undefined;
  owner6(a: number, b: number, c: number, d: number): FlowSession | undefined;
  /** What a packet to nobody's address counts as. */
  readonly nobody: "no_session" | "not_here";
  /** True while one link at most can be served: the TUN then waits for it instead of dropping. */
  readonly exclusive: boolean;
  /** The session that everything goes to; undefined on a TUN that sessions share. */
  readonly only: FlowSession | undefined;
}
