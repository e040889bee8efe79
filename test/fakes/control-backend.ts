import type { AuditEntry } from "../../src/daemon/control/actions.ts";
import type {
  ActionResult,
  BackendAction,
  CaptureReader,
  CaptureResult,
  ConfigRow,
  ControlBackend,
  RateChange,
} from "../../src/daemon/control/backend.ts";
import type { CertificateReport } from "../../src/shared/control/certificates.ts";
import { logLevels, type LogLevel, type LogLine } from "../../src/shared/control/log-line.ts";
import type { MoveFacts } from "../../src/shared/control/protocol.ts";
import type { DaemonEvent, Moment, Snapshot } from "../../src/shared/control/snapshot.ts";
import { aSnapshot } from "./snapshot.ts";

/** A daemon's state that a test sets by hand; `set` tells subscribers as the daemon's monitor does. */
export class FakeControlBackend implements ControlBackend {
  state: Snapshot = aSnapshot();
  rows: ConfigRow[] = [
    { key: "core.name", value: "edge-01", default: "", source: "/etc/sssonector/server.yaml:1:9", reload: "restart" },
    { key: "network.mtu", value: 1500, default: 1500, source: "default", reload: "live" },
  ];
  audits: AuditEntry[] = [];
  /** The history: the newest moment at or before a time is the one that is told. */
  moments: Moment[] = [];
  log: LogLine[] = [];
  rates: RateChange[] = [];
  kicked: { target: string; reason: string }[] = [];
  /** Actions on backends and breakers that were done, dry runs left out. */
  acts: BackendAction[] = [];
  /** Connections that capture. */
  captures: number[] = [];
  reloads = 0;
  stops = 0;
  rotations = 0;
  denials: { identity: string; denied: boolean }[] = [];
  certificateReport: CertificateReport = { own: [], peers: [], peers_total: 0, denied: [] };
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

  moment(at_ms: number): Moment | undefined {
    return this.moments.findLast(({ time_ms }) => time_ms <= at_ms);
  }

  kept(): { oldest_ms: number | null; newest_ms: number | null } {
    return { oldest_ms: this.moments[0]?.time_ms ?? null, newest_ms: this.moments.at(-1)?.time_ms ?? null };
  }

  async kick(target: string, reason: string, { dryRun }: { dryRun: boolean }): Promise<ActionResult> {
    await this.onAction();
    if (this.result !== undefined) return this.result;
    const found = [...this.state.connections, ...this.state.sessions].some((row) => row.id === target);
    if (!found) return { kind: "not_found", message: `no connection or session ${target}` };
    if (!dryRun) this.kicked.push({ target, reason });
    return { kind: "done", message: `${dryRun ? "would close" : "closed"} ${target}`, facts: { links: 1 } };
  }

  async setRate(change: RateChange, { dryRun }: { dryRun: boolean }): Promise<ActionResult> {
    await this.onAction();
    if (this.result !== undefined) return this.result;
    if (!this.state.buckets.some(({ name }) => name === change.bucket)) {
      return { kind: "not_found", message: `no bucket ${change.bucket}` };
    }
    if (!dryRun) this.rates.push(change);
    return { kind: "done", message: `${dryRun ? "would set" : "set"} ${change.bucket}` };
  }

  async reload({ dryRun }: { dryRun: boolean }): Promise<ActionResult> {
    await this.onAction();
    if (!dryRun) this.reloads += 1;
    return this.result ?? { kind: "done", message: dryRun ? "would change network.mtu" : "changed network.mtu" };
  }

  certificates(): CertificateReport {
    return this.certificateReport;
  }

  async deny(identity: string, denied: boolean, { dryRun }: { dryRun: boolean }): Promise<ActionResult> {
    await this.onAction();
    if (!dryRun) this.denials.push({ identity, denied });
    return this.result ?? { kind: "done", message: `${denied ? "shut out" : "let in"} ${identity}` };
  }

  async rotate({ dryRun }: { dryRun: boolean }): Promise<ActionResult> {
    await this.onAction();
    if (!dryRun) this.rotations += 1;
    return this.result ?? { kind: "done", message: dryRun ? "would replace 2 links" : "replaces 2 links" };
  }

  logs(since: number, level: LogLevel, most: number): LogLine[] {
    return this.log.filter((line) => line.seq > since && logLevels[line.level] >= logLevels[level]).slice(-most);
  }

  async logLevel(level: LogLevel, { dryRun }: { dryRun: boolean }): Promise<ActionResult> {
    await this.onAction();
    const { status } = this.state;
    if (!dryRun) this.set({ ...this.state, status: { ...status, log_level: level } });
    return this.result ?? { kind: "done", message: `${dryRun ? "would log" : "logs"} ${level}` };
  }

  async metrics(): Promise<string> {
    return "# TYPE sssonector_sessions gauge\nsssonector_sessions 2\n";
  }

  capture({ id }: CaptureReader, session: string | undefined): CaptureResult {
    if (session === "none") return { kind: "not_found", message: "no session none" };
    const begun = !this.captures.includes(id);
    if (begun) this.captures.push(id);
    const records = begun ? Buffer.alloc(0) : Buffer.from("records");
    return { kind: "records", records, packets: begun ? 0 : 1, dropped: 0, begun };
  }

  async stop({ dryRun }: { dryRun: boolean }): Promise<ActionResult> {
    await this.onAction();
    if (!dryRun) this.stops += 1;
    return this.result ?? { kind: "done", message: dryRun ? "would stop" : "stopping" };
  }

  async act(
    action: BackendAction,
    { dryRun, acceptRisk }: { dryRun: boolean; acceptRisk: boolean },
  ): Promise<ActionResult> {
    await this.onAction();
    if (this.result !== undefined) return this.result;
    const { backend: name } = action;
    const backend = this.state.backends.find((row) => row.name === name);
    if (name !== undefined && backend === undefined) return { kind: "not_found", message: `no backend ${name}` };
    const facts = this.#moves(action);
    if (facts.last_healthy && !acceptRisk) {
      return {
        kind: "refused",
        message: `${name} is the last healthy backend: nothing would be left (--accept-risk does it all the same)`,
      };
    }
    if (!dryRun) this.acts.push(action);
    const what = `${action.kind} ${name ?? "all"}`;
    const moved = `${facts.connections_moved} connections move to ${facts.left.join(", ") || "nothing"}`;
    return { kind: "done", message: `${dryRun ? "would " : ""}${what}: ${moved}`, facts };
  }

  #moves(action: BackendAction): MoveFacts {
    const takes =
      action.kind === "drain" ||
      action.kind === "maint" ||
      action.kind === "open_breaker" ||
      (action.kind === "set_weight" && action.weight === 0);
    const healthy = this.state.backends.filter((row) => row.admin === "ready" && row.operational === "up");
    const left = healthy.filter((row) => !takes || row.name !== action.backend).map((row) => row.name);
    const moved = healthy.find((row) => takes && row.name === action.backend)?.connections ?? 0;
    const last_healthy = takes && action.backend !== undefined && healthy.length > 0 && left.length === 0;
    return { connections_moved: moved, bps_moved: moved * 1_000_000, left, last_healthy };
  }

  audit(entry: AuditEntry): void {
    this.audits.push(entry);
  }
}
