import type { Snapshot } from "../../shared/control/snapshot.ts";
import type { LoopFigures } from "./loop-delay.ts";
import type { ProcessFigures } from "./process.ts";

/** The parts of a snapshot that metrics are read from. */
export type Readings = Pick<
  Snapshot,
  "status" | "connections" | "sessions" | "backends" | "breakers" | "buckets" | "services"
>;

/** What the catalogue's metrics are read from, taken once for each scrape. */
export interface MetricsView {
  readonly snapshot: Readings;
  /** Drops by reason, those that never happened too. */
  readonly drops: Readonly<Record<string, { readonly side: string; readonly count: number }>>;
  /** Refused handshakes and broken links by reason, those that never happened too. */
  readonly refused: Readonly<Record<string, number>>;
  /** Sessions refused by reason, those that never happened too. */
  readonly sessionsRefused: Readonly<Record<string, number>>;
  /** Events by code, those that never happened too. */
  readonly events: Readonly<Record<string, number>>;
  readonly eventsSuppressed: number;
  /** Bytes that wait for the sockets of all links. */
  readonly queuedBytes: number;
  readonly log: { readonly written: number; readonly lost: number };
  /** By thread: main, data-1. */
  readonly loops: Readonly<Record<string, LoopFigures>>;
  readonly process: ProcessFigures;
  /** Empty unless monitoring.prometheus.per_identity asks for it; `other` is everybody else. */
  readonly identities: readonly IdentityFigures[];
}

export interface IdentityFigures {
  readonly identity: string;
  readonly connections: number;
  readonly rx: number;
  readonly tx: number;
}
