import type { ActionResult, ConfigRow, ControlBackend } from "../../src/daemon/control/backend.ts";
import type { DaemonEvent, Snapshot } from "../../src/shared/control/snapshot.ts";
import { aSnapshot } from "./snapshot.ts";

interface AuditEntry {
  who: string;
  action: string;
  target: string;
  outcome: string;
}

/** A daemon's state that a test sets by hand; `set` tells subscribers as the daemon's monitor does. */
export class FakeControlBackend implements ControlBackend {
  state: Snapshot = aSnapshot();
  rows: ConfigRow[] = [
    { key: "core.name", value: "edge-01", default: "", source: "/etc/sssonector/server.yaml:1:9", reload: "restart" },
    { key: "network.mtu", value: 1500, default: 1500, source: "default", reload: "live" },
  ];
  audits: AuditEntry[] = [];
  kicked: { target: string; reason: string }[] = [];
  reloads = 0;
  stops = 0;
  /** Overrides what actions come to. */
  result: ActionResult | undefined;
  /** Runs at each action, before its result. */
  onAction: () => Promise<void> | void = () => undefined;
  #listeners = new Set<(event?: DaemonEvent) => void>();

  set(state: Snapshot): void {
    this.state = state;
    for (const listener of this.#listeners) listener();
  }

  get subscribers(): number {
    return this.#listeners.size;
  }

  snapshot(): Snapshot {
    return this.state;
  }

  config(): ConfigRow[] {
    return this.rows;
  }

  subscribe(changed: (event?: DaemonEvent) => void): () => void {
    this.#listeners.add(changed);
    return () => void this.#listeners.delete(changed);
  }

  events(since: number): DaemonEvent[] {
    return this.state.events.filter((event) => event.seq > since);
  }

  async kick(target: string, reason: string, { dryRun }: { dryRun: boolean }): Promise<ActionResult> {
    await this.onAction();
    if (this.result !== undefined) return this.result;
    const found = [...this.state.connections, ...this.state.sessions].some((row) => row.id === target);
    if (!found) return { kind: "not_found", message: `no connection or session ${target}` };
    if (!dryRun) this.kicked.push({ target, reason });
    return { kind: "done", message: `${dryRun ? "would close" : "closed"} ${target}`, facts: { links: 1 } };
  }

  async reload({ dryRun }: { dryRun: boolean }): Promise<ActionResult> {
    await this.onAction();
    if (!dryRun) this.reloads += 1;
    return this.result ?? { kind: "done", message: dryRun ? "would change network.mtu" : "changed network.mtu" };
  }

  async stop({ dryRun }: { dryRun: boolean }): Promise<ActionResult> {
    await this.onAction();
    if (!dryRun) this.stops += 1;
    return this.result ?? { kind: "done", message: dryRun ? "would stop" : "stopping" };
  }

  audit(entry: AuditEntry): void {
    this.audits.push(entry);
  }
}
