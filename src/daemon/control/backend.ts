import type { Millis } from "../../shared/clock.ts";
import type { ConfigRow } from "../../shared/control/protocol.ts";
import type { DaemonEvent, Snapshot } from "../../shared/control/snapshot.ts";

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

/** What the control server needs of the daemon; daemon.ts provides it, tests a fake. */
export interface ControlBackend {
  snapshot(): Snapshot;
  config(): ConfigRow[];
  /** Calls `changed` after each monitor tick (once a second) and each event; returns the unsubscribe function. */
  subscribe(changed: (event?: DaemonEvent) => void): () => void;
  /** Events with seq greater than `since`, oldest first, from the bounded event log. */
  events(since: number): DaemonEvent[];
  /** Closes one link (by connection id) or a session with its links (by session id). The peer may come back. */
  kick(target: string, reason: string, options: { dryRun: boolean }): Promise<ActionResult>;
  reload(options: { dryRun: boolean }): Promise<ActionResult>;
  stop(options: { dryRun: boolean }): Promise<ActionResult>;
  /**
   * Changes a backend or breaker. `facts` are MoveFacts (src/shared/control/protocol.ts). Without `acceptRisk` what would
   * take the last healthy backend is refused, in a dry run too; with it a dry run says so in `last_healthy`.
   */
  act(action: BackendAction, options: { dryRun: boolean; acceptRisk: boolean }): Promise<ActionResult>;
  /** Records who did what for the audit. */
  audit(entry: { who: string; action: string; target: string; outcome: string }): void;
}
