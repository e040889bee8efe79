import type { CertificateReport } from "../shared/control/certificates.ts";
import type { LogLevel, LogLine } from "../shared/control/log-line.ts";
import type { DaemonEvent, Moment, Snapshot } from "../shared/control/snapshot.ts";
import type { AuditTrail } from "./audit-trail.ts";
import type { Capture } from "./capture/capture.ts";
import { isServer } from "./config/settings.ts";
import type {
  ActionResult,
  BackendAction,
  CaptureReader,
  CaptureResult,
  ConfigRow,
  ControlBackend,
  RateChange,
} from "./control/backend.ts";
import type { Engine } from "./engine/engine.ts";
import type { Log } from "./logs/log.ts";
import type { EventLog } from "./monitor/event-log.ts";
import type { Monitor } from "./monitor/monitor.ts";
import type { PeerTrust } from "./peer-trust.ts";
import type { LinkBook } from "./pool/link-book.ts";
import type { RateLimits } from "./rate-limits.ts";
import type { Reloader } from "./reloader.ts";
import type { Role } from "./role.ts";
import type { ServiceManager } from "./service-manager/service-manager.ts";
import type { Snapshots } from "./snapshots.ts";
import type { Telemetry } from "./telemetry.ts";

export interface OperationsParts {
  readonly log: Log;
  readonly events: EventLog;
  readonly links: LinkBook;
  readonly engine: Engine;
  readonly role: Role;
  readonly rateLimits: RateLimits;
  readonly monitor: Monitor;
  readonly telemetry: Telemetry;
  readonly trust: PeerTrust;
  readonly reloader: Reloader;
  readonly snapshots: Snapshots;
  readonly capture: Capture;
  readonly auditTrail: AuditTrail;
  readonly serviceManager: ServiceManager;
  shutDown(): void;
}

interface Options {
  dryRun: boolean;
}

/** What operators see and do, whichever way they come: hands each question and each act to the part that it is for. */
export class Operations implements ControlBackend {
  readonly #parts: OperationsParts;

  constructor(parts: OperationsParts) {
    this.#parts = parts;
  }

  snapshot(): Omit<Snapshot, "control"> {
    return this.#parts.snapshots.now();
  }

  moment(at_ms: number): Moment | undefined {
    return this.#parts.snapshots.moment(at_ms);
  }

  kept(): { oldest_ms: number | null; newest_ms: number | null } {
    return this.#parts.snapshots.kept();
  }

  config(): ConfigRow[] {
    return [...this.#parts.reloader.rows];
  }

  subscribe(changed: (event?: DaemonEvent) => void): () => void {
    const offTick = this.#parts.monitor.onTick(() => changed());
    const offEvent = this.#parts.events.onEvent(changed);
    return () => {
      offTick();
      offEvent();
    };
  }

  events(since: number): DaemonEvent[] {
    return this.#parts.events.since(since);
  }

  logs(since: number, level: LogLevel, most: number): LogLine[] {
    return this.#parts.log.since(since, level, most);
  }

  async metrics(): Promise<string> {
    return (await this.#parts.telemetry.write()).text;
  }

  certificates(): CertificateReport {
    return this.#parts.trust.report();
  }

  async kick(target: string, reason: string, { dryRun }: Options): Promise<ActionResult> {
    const { links, role, engine, events } = this.#parts;
    const record = links.byConnectionId(target);
    if (record === undefined) {
      const missing: ActionResult = { kind: "not_found", message: `no connection or session ${target}` };
      return role.kickSession(target, reason, dryRun) ?? missing;
    }
    const what = `link ${target} of ${record.identity} (${record.remote})`;
    if (dryRun) return { kind: "done", message: `would close ${what}; the peer may come back` };
    engine.send({ type: "close", link: record.link, reason: "kicked", text: reason });
    events.add("warning", "link_kicked", `closed ${what}`, { identity: record.identity, reason });
    return { kind: "done", message: `closed ${what}; the peer may come back` };
  }

  async reload({ dryRun }: Options): Promise<ActionResult> {
    const result = this.reloadFor("command", dryRun);
    await this.#parts.telemetry.settled();
    return result;
  }

  reloadFor(trigger: "command" | "signal", dryRun: boolean): ActionResult {
    const { serviceManager, snapshots, reloader } = this.#parts;
    using _told = dryRun ? undefined : serviceManager.reloading(() => snapshots.statusLine());
    return reloader.reload(trigger, dryRun);
  }

  async setRate(change: RateChange, options: Options): Promise<ActionResult> {
    return this.#parts.rateLimits.set(change, options);
  }

  async rotate(options: Options): Promise<ActionResult> {
    return this.#parts.role.rotate(options);
  }

  async deny(identity: string, denied: boolean, { dryRun }: Options): Promise<ActionResult> {
    if (!isServer(this.#parts.reloader.settings)) {
      return { kind: "refused", message: "a client lets nobody in; take a server out with `maint`" };
    }
    return this.#parts.trust.deny(identity, denied, dryRun);
  }

  async act(action: BackendAction, options: Options & { acceptRisk: boolean }): Promise<ActionResult> {
    const { role } = this.#parts;
    const result = role.act(action, options);
    if (result !== undefined) return result;
    const names = role.backends().map(({ name }) => name);
    const known = names.length === 0 ? "this daemon has no backends" : `there are ${names.join(", ")}`;
    return { kind: "not_found", message: `no backend ${action.backend ?? ""}: ${known}` };
  }

  capture(reader: CaptureReader, session: string | undefined): CaptureResult {
    const { role, capture } = this.#parts;
    if (session !== undefined && !role.sessions().some(({ id }) => id === session)) {
      return { kind: "not_found", message: `no session ${session}` };
    }
    const begun = capture.isNew(reader);
    const read = capture.read(reader, session);
    if (read.kind === "busy") return { kind: "refused", message: `${read.who} captures already` };
    return { ...read, begun };
  }

  async logLevel(level: LogLevel, { dryRun }: Options): Promise<ActionResult> {
    const { log, events } = this.#parts;
    const from = log.level;
    const facts = { from, to: level };
    if (dryRun) return { kind: "done", message: `would log ${level} and above instead of ${from}`, facts };
    log.level = level;
    const message = `logs ${level} and above until the next reload, before it ${from}`;
    events.add("info", "log_level", message, facts);
    return { kind: "done", message, facts };
  }

  async stop({ dryRun }: Options): Promise<ActionResult> {
    const count = this.#parts.links.size;
    if (dryRun) return { kind: "done", message: `would close ${count} connections and stop`, facts: { count } };
    // After the answer has left.
    setImmediate(() => this.#parts.shutDown());
    return { kind: "done", message: `closing ${count} connections and stopping`, facts: { count } };
  }

  audit(entry: Parameters<ControlBackend["audit"]>[0]): void {
    this.#parts.auditTrail.add(entry);
  }
}
