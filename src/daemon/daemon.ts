import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "pino";
import type { Clock } from "../shared/clock.ts";
import type { Alert, DaemonState, Snapshot } from "../shared/control/snapshot.ts";
import { describeError, SssonectorError } from "../shared/errors.ts";
import { ClientRole } from "./client.ts";
import { type Loaded, loadSettings } from "./config/load.ts";
import { describeProblem } from "./config/problem.ts";
import { applyLive, compareSettings } from "./config/reload.ts";
import { isServer, type Settings } from "./config/settings.ts";
import type { ActionResult, BackendAction, ConfigRow, ControlBackend } from "./control/backend.ts";
import { type ControlServer, startControlServer } from "./control/server.ts";
import { type Engine, startEngine } from "./engine/engine.ts";
import type { Event } from "./engine/messages.ts";
import { createCounters, readDrops, readTotals } from "./metrics/counters.ts";
import { createLinkSlots } from "./metrics/link-slots.ts";
import { EventLog } from "./monitor/event-log.ts";
import { Monitor } from "./monitor/monitor.ts";
import { LinkBook, type LinkRecord } from "./pool/link-book.ts";
import type { Role } from "./role.ts";
import { ServerRole } from "./server.ts";
import type { ServiceManager } from "./service-manager/service-manager.ts";
import { startWatchdog } from "./service-manager/watchdog.ts";
import { peerCredentials } from "./sys/credentials.ts";
import { tlsMaterialOf } from "./tls-files.ts";
import type { TlsMaterial } from "./tls/material.ts";
import { HostNetwork } from "./tun/host.ts";
import { watchNetwork } from "./tun/netlink.ts";
import { openTun } from "./tun/open.ts";

export interface DaemonParts {
  readonly loaded: Extract<Loaded, { kind: "ok" }>;
  /** The config file, absolute: a reload reads it again. */
  readonly file: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly version: string;
  readonly serviceManager: ServiceManager;
}

const day = 24 * 3600 * 1000;
/** Milliseconds in which the daemon has put everything away once it drains no longer. */
const endTime = 10_000;
const expiryWarnings: readonly { days: number; severity: Alert["severity"] }[] = [
  { days: 3, severity: "critical" },
  { days: 30, severity: "warning" },
];

/** The daemon: everything on the control plane, made in order, ended in reverse. */
export class Daemon implements ControlBackend, AsyncDisposable {
  readonly #parts: DaemonParts;
  readonly #events: EventLog;
  readonly #links = new LinkBook();
  readonly #counters = createCounters();
  readonly #refused = new Map<string, number>();
  readonly #cleanup = new AsyncDisposableStack();
  readonly #startedAt: number;
  /** Resolves with the exit code. */
  readonly ended: Promise<number>;
  #end: (code: number) => void = () => {};
  #settings: Settings;
  #rows: ConfigRow[];
  #material: TlsMaterial;
  #state: DaemonState = "starting";
  #engine: Engine | undefined;
  #role: Role | undefined;
  #monitor: Monitor | undefined;
  #control: ControlServer | undefined;
  #name = "";

  private constructor(parts: DaemonParts) {
    this.#parts = parts;
    this.#settings = parts.loaded.settings;
    this.#rows = parts.loaded.rows;
    this.#startedAt = parts.clock.now();
    this.#events = new EventLog(parts.clock);
    this.#material = this.#loadMaterial(this.#settings, parts.file);
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** Brings the daemon up; on failure everything that was opened is closed again. */
  static async start(parts: DaemonParts): Promise<Daemon> {
    const daemon = new Daemon(parts);
    try {
      await daemon.#start();
      return daemon;
    } catch (error) {
      await daemon[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #start(): Promise<void> {
    const { clock, log } = this.#parts;
    const settings = this.#settings;
    this.#cleanup.defer(this.#events.onEvent((event) => logEvent(log, event)));
    mkdirSync(settings.core.state_dir, { recursive: true, mode: 0o700 });
    const tun = openTun({ name: settings.network.interface, queues: 1 });
    this.#cleanup.defer(() => tun.close());
    this.#name = tun.name;
    const host = await HostNetwork.open({ device: tun.name, stateDirectory: settings.core.state_dir });
    this.#cleanup.defer(() => host.close());
    const slots = createLinkSlots(settings.core.max_connections);
    const engine = startEngine(
      {
        mode: settings.core.mode,
        tun: { fd: tun.fds[0] as number, name: tun.name, features: tun.features },
        mtu: settings.network.mtu,
        material: this.#material,
        admission: isServer(settings)
          ? { pending: settings.limits.handshakes_pending, perSource: settings.limits.per_source }
          : { pending: 1, perSource: { pending: 1, rate: 1, burst: 1 } },
        liveness: livenessRules(settings),
        keepAlive: settings.performance.tcp_keepalive,
        clientToClient: isServer(settings) && settings.access.client_to_client,
        counters: this.#counters,
        linkSlots: slots,
      },
      (event) => this.#onEvent(event),
      (error) => this.#fail("engine_died", error.message),
    );
    this.#engine = engine;
    this.#cleanup.defer(() => engine.stop());
    const parts = {
      clock,
      engine,
      host,
      events: this.#events,
      links: this.#links,
      features: tun.features,
      identity: this.#material.identity,
      figures: (record: LinkRecord) => this.#monitor?.figures(record),
    };
    const role = isServer(settings) ? new ServerRole(settings, parts) : new ClientRole(settings, parts);
    this.#role = role;
    this.#cleanup.defer(() => role.close());
    this.#monitor = new Monitor({
      clock,
      counters: this.#counters,
      slots,
      links: this.#links,
      sessionCount: () => role.sessions().length,
    });
    this.#cleanup.defer(() => this.#monitor?.stop());
    this.#cleanup.defer(this.#monitor.onTick(() => role.tick()));
    await this.#openControl();
    const died = this.ended.then(() => {
      throw new SssonectorError("engine_died", "it ended while the daemon started");
    });
    await Promise.race([role.start(), died]);
    const netlink = watchNetwork(clock, () => void this.#networkChanged());
    this.#cleanup.defer(() => netlink.close());
    this.#state = "ready";
    this.#tellServiceManager(engine);
    const facts = { interface: tun.name, mode: settings.core.mode };
    this.#events.add("info", "started", `${settings.core.mode} ${settings.core.name} runs on ${tun.name}`, facts);
  }

  #tellServiceManager(engine: Engine): void {
    const { clock, serviceManager } = this.#parts;
    serviceManager.ready(this.#statusLine());
    this.#cleanup.defer(this.#monitor?.onTick(() => serviceManager.status(this.#statusLine())) ?? (() => {}));
    const { watchdog: patience } = serviceManager;
    if (patience === undefined) return;
    const responds = (): Promise<void> => engine.responds();
    const watchdog = startWatchdog({ clock, patience, responds, alive: () => serviceManager.alive() });
    this.#cleanup.defer(() => watchdog.cancel());
  }

  /** One line for `systemctl status`. */
  #statusLine(): string {
    return `${this.#daemonState()}: ${this.#role?.sessions().length ?? 0} sessions, ${this.#links.size} links`;
  }

  async #openControl(): Promise<void> {
    const { control } = this.#settings;
    const server = await startControlServer(
      { backend: this, clock: this.#parts.clock, credentials: peerCredentials },
      { socketPath: control.socket, group: control.group ?? "", operators: control.operators },
    );
    this.#control = server;
    this.#cleanup.defer(() => this.#control?.[Symbol.asyncDispose]());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#state = "stopping";
    await this.#cleanup.disposeAsync();
  }

  snapshot(): Snapshot {
    const { clock } = this.#parts;
    const sessions = this.#role?.sessions() ?? [];
    const connections = this.#monitor?.connections() ?? [];
    const totals = readTotals(this.#counters);
    const role = this.#role;
    return {
      v: 1,
      time_ms: clock.wall(),
      status: {
        name: this.#settings.core.name,
        mode: this.#settings.core.mode,
        version: this.#parts.version,
        state: this.#daemonState(),
        uptime_seconds: Math.round((clock.now() - this.#startedAt) / 1000),
        pid: process.pid,
        interface: this.#name,
        mtu: this.#settings.network.mtu,
        inner: [...(role?.inner ?? [])],
        sessions: sessions.length,
        connections: connections.length,
        ...totals,
        dropped: readDrops(this.#counters),
        refused: Object.fromEntries(this.#refused),
        certificate_expires_seconds: Math.round((this.#material.notAfterMs - clock.wall()) / 1000),
        alerts: [...this.#certificateAlerts(), ...(role?.alerts() ?? [])],
      },
      connections,
      sessions,
      backends: role?.backends() ?? [],
      breakers: role?.breakers() ?? [],
      events: this.#events.newest(200),
      history: [...(this.#monitor?.history ?? [])],
    };
  }

  config(): ConfigRow[] {
    return this.#rows;
  }

  subscribe(changed: Parameters<ControlBackend["subscribe"]>[0]): () => void {
    const offTick = this.#monitor?.onTick(() => changed());
    const offEvent = this.#events.onEvent(changed);
    return () => {
      offTick?.();
      offEvent();
    };
  }

  events(since: number): ReturnType<ControlBackend["events"]> {
    return this.#events.since(since);
  }

  async kick(target: string, reason: string, options: { dryRun: boolean }): Promise<ActionResult> {
    const record = this.#links.byConnectionId(target);
    if (record === undefined) {
      return (
        this.#role?.kickSession(target, reason, options.dryRun) ?? {
          kind: "not_found",
          message: `no connection or session ${target}`,
        }
      );
    }
    const what = `link ${target} of ${record.identity} (${record.remote})`;
    if (options.dryRun) return { kind: "done", message: `would close ${what}; the peer may come back` };
    this.#engine?.send({ type: "close", link: record.link, reason: "kicked", text: reason });
    this.#events.add("warning", "link_kicked", `closed ${what}`, { identity: record.identity, reason });
    return { kind: "done", message: `closed ${what}; the peer may come back` };
  }

  async reload(options: { dryRun: boolean }): Promise<ActionResult> {
    using _told = options.dryRun ? undefined : this.#parts.serviceManager.reloading(() => this.#statusLine());
    const next = loadSettings({ file: this.#parts.file, cwd: process.cwd(), env: process.env });
    if (next.kind === "bad") return this.#reloadFailed(next.problems.map(describeProblem).join("; "));
    let material: TlsMaterial;
    try {
      material = this.#loadMaterial(next.settings, next.file);
    } catch (error) {
      return this.#reloadFailed(describeError(error));
    }
    const { live, restart } = compareSettings(this.#settings, next.settings);
    const facts = { live: live.map(({ path }) => path), restart: restart.map(({ path }) => path) };
    const later = restart.length === 0 ? "" : `; needs a restart: ${facts.restart.join(", ")}`;
    const changes = live.length === 0 ? "no setting changed" : `changed ${facts.live.join(", ")}`;
    if (options.dryRun) return { kind: "done", message: `would reload: ${changes}${later}`, facts };
    this.#settings = applyLive(this.#settings, next.settings, live);
    const kept = new Set(facts.restart);
    const running = new Map(this.#rows.map((row) => [row.key, row]));
    this.#rows = next.rows.map((row) => (kept.has(row.key) ? (running.get(row.key) ?? row) : row));
    this.#material = material;
    this.#parts.log.level = next.settings.monitoring.logging.level;
    this.#engine?.send({ type: "renew", material });
    this.#role?.reload(this.#settings);
    this.#events.add("info", "reloaded", `${changes}, certificates read anew${later}`);
    return { kind: "done", message: `reloaded: ${changes}, certificates read anew${later}`, facts };
  }

  async act(action: BackendAction, options: { dryRun: boolean; acceptRisk: boolean }): Promise<ActionResult> {
    const result = this.#role?.act(action, options);
    if (result !== undefined) return result;
    const names = this.#role?.backends().map(({ name }) => name) ?? [];
    const known = names.length === 0 ? "this daemon has no backends" : `there are ${names.join(", ")}`;
    return { kind: "not_found", message: `no backend ${action.backend ?? ""}: ${known}` };
  }

  async stop(options: { dryRun: boolean }): Promise<ActionResult> {
    const count = this.#links.size;
    if (options.dryRun) return { kind: "done", message: `would close ${count} connections and stop`, facts: { count } };
    // After the answer has left.
    setImmediate(() => void this.shutDown());
    return { kind: "done", message: `closing ${count} connections and stopping`, facts: { count } };
  }

  audit(entry: Parameters<ControlBackend["audit"]>[0]): void {
    const { who, action, outcome } = entry;
    this.#parts.log.info({ code: "audit", ...entry }, `${who} ${action} ${entry.target}: ${outcome}`);
    if (outcome.startsWith("denied")) {
      this.#events.add("warning", "role_refused", `${who} may not ${action}`, { who, action });
    }
    const line = JSON.stringify({ time_ms: this.#parts.clock.wall(), ...entry });
    try {
      appendFileSync(join(this.#settings.core.state_dir, "audit.jsonl"), `${line}\n`, { mode: 0o600 });
    } catch (error) {
      this.#events.add("critical", "audit_failed", `the audit can't be written: ${describeError(error)}`);
    }
  }

  /** Ends the run as asked: lets sessions move away for `core.drain_timeout` at most. Asked again, it ends at once. */
  async shutDown(): Promise<void> {
    const timeout = this.#settings.core.drain_timeout;
    this.#parts.serviceManager.stopping(timeout + endTime);
    if (this.#state !== "ready" || this.#role === undefined || timeout === 0) return this.finish(0);
    this.#state = "draining";
    const { promise: over, resolve } = Promise.withResolvers<void>();
    const timer = this.#parts.clock.after(timeout, resolve);
    await Promise.race([this.#role.drain(), over]);
    timer.cancel();
    this.finish(0);
  }

  /** Ends the daemon's run; the first call decides the exit code. */
  finish(code: number): void {
    this.#state = "stopping";
    this.#end(code);
  }

  #daemonState(): DaemonState {
    if (this.#state !== "ready") return this.#state;
    if (this.#role?.draining === true) return "draining";
    return this.#role?.ready === true ? "ready" : "degraded";
  }

  #fail(code: "engine_died" | "tun_gone", message: string): void {
    this.#events.add("critical", code, message);
    this.finish(1);
  }

  #onEvent(event: Event): void {
    if (isRefusal(event)) this.#refused.set(event.reason, (this.#refused.get(event.reason) ?? 0) + 1);
    if (event.type === "tun_down") {
      return this.#fail("tun_gone", `${this.#name} is down or gone`);
    }
    this.#role?.onEvent(event);
  }

  async #networkChanged(): Promise<void> {
    try {
      await this.#role?.networkChanged();
    } catch (error) {
      this.#events.add("warning", "repin_failed", describeError(error));
    }
  }

  #loadMaterial(settings: Settings, file: string): TlsMaterial {
    return tlsMaterialOf(settings.security.tls, settings.core.mode, this.#parts.clock.wall(), file);
  }

  #reloadFailed(why: string): ActionResult {
    this.#events.add("critical", "reload_failed", `the old settings stay: ${why}`);
    return { kind: "failed", message: `nothing changed: ${why}` };
  }

  #certificateAlerts(): Alert[] {
    const days = (this.#material.notAfterMs - this.#parts.clock.wall()) / day;
    const warning = expiryWarnings.find((one) => days <= one.days);
    if (warning === undefined) return [];
    const when = days <= 0 ? "has expired" : `expires in ${Math.ceil(days)} days`;
    return [{ code: "certificate_expires", severity: warning.severity, message: `own certificate or CRL ${when}` }];
  }
}

/** Ends of links that are the peer's fault, as this end names them. */
const peerFaults: ReadonlySet<string> = new Set(["protocol_error", "hello_timeout", "frame_timeout"]);

/** What status.refused counts: handshakes that came to nothing, and links that broke the protocol. */
function isRefusal(event: Event): event is Extract<Event, { reason: string }> {
  if (event.type === "refused" || event.type === "dial_failed") return true;
  return event.type === "closed" && peerFaults.has(event.reason);
}

function livenessRules(settings: Settings): { interval: number; timeout: number; misses: number; stall: number } {
  const { interval, timeout, fall } = settings.health;
  // The server waits twice as long, so that the client, which makes the replacement, is the first to act.
  const patience = settings.core.mode === "server" ? 2 : 1;
  return { interval: interval * patience, timeout: timeout * patience, misses: fall, stall: 2500 * patience };
}

function logEvent(log: Logger, event: { severity: string; code: string; message: string; facts: object }): void {
  const fields = { code: event.code, ...event.facts };
  if (event.severity === "critical") log.error(fields, event.message);
  else if (event.severity === "warning") log.warn(fields, event.message);
  else log.info(fields, event.message);
}
