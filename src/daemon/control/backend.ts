import type { Millis } from "../../shared/clock.ts";
import type { CertificateReport } from "../../shared/control/certificates.ts";
import type { LogLevel, LogLine } from "../../shared/control/log-line.ts";
import type { ConfigRow } from "../../shared/control/protocol.ts";
import type { DaemonEvent, Moment, Snapshot } from "../../shared/control/snapshot.ts";
import type { AuditEntry } from "./actions.ts";

export type { ConfigRow };

/** Result of an action. Refusals are values: the control server turns them into JSON-RPC errors with the code. */
export type ActionResult =
  | { kind: "done"; message: string; facts?: Record<string, unknown> }
  | { kind: "not_found"; message: string }
  | { kind: "refused"; message: string }
  | { kind: "failed"; message: string };

/** What an operator does to backends and their breakers. */
export type BackendAction =
  /** `backend` undefined: this daemon. */
  | { kind: "drain"; backend: string | undefined; deadlineMs: Millis | undefined }
  | { kind: "ready"; backend: string | undefined }
  | { kind: "maint"; backend: string }
  /** `auto` ends an operator's pin. */
  | { kind: "set_weight"; backend: string; weight: number | "auto" }
  /** `backend` undefined: every breaker. */
  | { kind: "reset_breaker"; backend: string | undefined }
  /** `forMs` undefined: until it is reset. */
  | { kind: "open_breaker"; backend: string; forMs: Millis | undefined }
  | { kind: "close_breaker"; backend: string };

/** A rate limit that an operator sets; rate and burst of `unit`. */
export interface RateChange {
  bucket: string;
  /** A second; null: unlimited; `auto`: as configured. */
  rate: number | null | "auto";
  unit: "bytes" | "packets";
  /** Undefined: 100 ms of the rate. */
  burst: number | undefined;
  /** Undefined: until it is given back. */
  forMs: Millis | undefined;
}

/** The connection that captures. */
export interface CaptureReader {
  id: number;
  who: string;
}

export type CaptureResult =
  /** Records of a pcap file. `begun`: this call began the capture. */
  | { kind: "records"; records: Buffer; packets: number; dropped: number; begun: boolean }
  | { kind: "refused" | "not_found"; message: string };

/** What the control server needs of the daemon; operations.ts provides it, tests a fake. */
export interface ControlBackend {
  /** Without the control channel's own part. */
  snapshot(): Omit<Snapshot, "control">;
  config(): ConfigRow[];
  /** Calls `changed` after each monitor tick (once a second) and each event; returns the unsubscribe function. */
  subscribe(changed: (event?: DaemonEvent) => void): () => void;
  /** Events with seq greater than `since`, oldest first, from the bounded event log. */
  events(since: number): DaemonEvent[];
  /** The newest `most` log lines with seq greater than `since` that are at least of `level`, oldest first. */
  logs(since: number, level: LogLevel, most: number): LogLine[];
  /** All metrics in Prometheus' text format. */
  metrics(): Promise<string>;
  /** The state at the second of `at_ms` (Unix epoch); undefined when nobody measured then. */
  moment(at_ms: number): Moment | undefined;
  /** Times of the oldest and the newest moment; null when there is none. */
  kept(): { oldest_ms: number | null; newest_ms: number | null };
  /** Closes one link (by connection id) or a session with its links (by session id). The peer may come back. */
  kick(target: string, reason: string, options: { dryRun: boolean }): Promise<ActionResult>;
  reload(options: { dryRun: boolean }): Promise<ActionResult>;
  certificates(): CertificateReport;
  /** Shuts an identity out, or with `denied` false lets it in again. */
  deny(identity: string, denied: boolean, options: { dryRun: boolean }): Promise<ActionResult>;
  rotate(options: { dryRun: boolean }): Promise<ActionResult>;
  logLevel(level: LogLevel, options: { dryRun: boolean }): Promise<ActionResult>;
  stop(options: { dryRun: boolean }): Promise<ActionResult>;
  /**
   * Changes a backend or breaker. `facts` are MoveFacts (src/shared/control/protocol.ts). Without `acceptRisk` what would
   * take the last healthy backend is refused, in a dry run too; with it a dry run says so in `last_healthy`.
   */
  act(action: BackendAction, options: { dryRun: boolean; acceptRisk: boolean }): Promise<ActionResult>;
  setRate(change: RateChange, options: { dryRun: boolean }): Promise<ActionResult>;
  /** Copies of inner packets since the reader's last call, of one session or of all; the first call begins. */
  capture(reader: CaptureReader, session: string | undefined): CaptureResult;
  /** Records who did what for the audit. */
  audit(entry: AuditEntry): void;
}
