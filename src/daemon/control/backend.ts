import type { ConfigRow } from "../../shared/control/protocol.ts";
import type { DaemonEvent, Snapshot } from "../../shared/control/snapshot.ts";

export type { ConfigRow };

/** Result of an action. Refusals are values: the control server turns them into JSON-RPC errors with the code. */
export type ActionResult =
  | { kind: "done"; message: string; facts?: Record<string, unknown> }
  | { kind: "not_found"; message: string }
  | { kind: "refused"; message: string }
  | { kind: "failed"; message: string };

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
  /** Records who did what for the audit. */
  audit(entry: { who: string; action: string; target: string; outcome: string }): void;
}
