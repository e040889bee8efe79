import { randomUUID } from "node:crypto";
import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../shared/clock.ts";
import type { CertificateReport } from "../shared/control/certificates.ts";
import type { Alert, DaemonState, Moment, Snapshot } from "../shared/control/snapshot.ts";
import { describeError, SssonectorError } from "../shared/errors.ts";
import type { LogLevel, LogLine } from "../shared/control/log-line.ts";
import type { LogFacts } from "../shared/log-keys.ts";
import { ClientRole } from "./client.ts";
import { denyFile } from "./deny-file.ts";
import { DenyList } from "./access/deny-list.ts";
import { Certificates } from "./certificates.ts";
import type { Loaded } from "./config/load.ts";
import { unknownResources } from "./monitor/resources.ts";
import { type ControlSettings, isServer, type Settings } from "./config/settings.ts";
import { Capture } from "./capture/capture.ts";
import type {
  ActionResult,
  BackendAction,
  CaptureReader,
  CaptureResult,
  ConfigRow,
  ControlBackend,
  RateChange,
} from "./control/backend.ts";
import { type ControlServer, startControlServer } from "./control/server.ts";
import { readTokens } from "./control/tokens.ts";
import { type Engine, startEngine } from "./engine/engine.ts";
import type { Event } from "./engine/messages.ts";
import type { Log } from "./logs/log.ts";
import { createCounters, readDrops, readTotals } from "./metrics/counters.ts";
import { limitRules } from "./limit-settings.ts";
import { createBucketSlots } from "./metrics/bucket-slots.ts";
import { createLinkSlots } from "./metrics/link-slots.ts";
import { createLoopCells } from "./metrics/loop-delay.ts";
import { mostRecords } from "./link/wear.ts";
import { EventLog } from "./monitor/event-log.ts";
import { History, type Recorded } from "./monitor/history.ts";
import { Monitor } from "./monitor/monitor.ts";
import { LinkBook, type LinkRecord } from "./pool/link-book.ts";
import { RateLimits } from "./rate-limits.ts";
import { Reloader } from "./reloader.ts";
import type { AdmissionRules } from "./link/admission.ts";
import type { Role } from "./role.ts";
import { ServerRole } from "./server.ts";
import type { ServiceManager } from "./service-manager/service-manager.ts";
import { startWatchdog } from "./service-manager/watchdog.ts";
import { peerCredentials } from "./sys/credentials.ts";
import { noTalkers } from "./monitor/talkers.ts";
import { Telemetry } from "./telemetry.ts";
import { tlsSetOf } from "./tls-files.ts";
import type { TlsSet } from "./tls/material.ts";
import { HostNetwork } from "./tun/host.ts";
import { watchNetwork } from "./tun/netlink.ts";
import { openTun } from "./tun/open.ts";

export interface DaemonParts {
  readonly loaded: Extract<Loaded, { kind: "ok" }>;
  /** The config file, absolute: a reload reads it again. */
  readonly file: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  readonly serviceManager: ServiceManager;
}

/** Rows of `ctl certificates` about identities that were shut out. */
const mostDenied = 1000;
/** Milliseconds in which the daemon has put everything away once it drains no longer. */
const endTime = 10_000;
/** Whose figures are seen; more of them limit all the same. */
const mostBuckets = 65_536;

/** The daemon: everything on the control plane, made in order, ended in reverse. */
export class Daemon implements ControlBackend, AsyncDisposable {
  readonly #parts: DaemonParts;
  readonly #bootId = randomUUID();
  readonly #events: EventLog;
  readonly #moments = new History();
  readonly #links = new LinkBook();
  readonly #capture: Capture;
  readonly #counters = createCounters();
  readonly #refused = new Map<string, number>();
  readonly #cleanup = new AsyncDisposableStack();
  readonly #startedAt: number;
  /** Resolves with the exit code. */
  readonly ended: Promise<number>;
  #end: (code: number) => void = () => {};
  readonly #certificates: Certificates;
  readonly #denied: DenyList;
  readonly #reloader: Reloader;
  #state: DaemonState = "starting";
  #engine: Engine | undefined;
  #role: Role | undefined;
  #rateLimits: RateLimits | undefined;
  #monitor: Monitor | undefined;
  #control: ControlServer | undefined;
  #controlTcpError: string | undefined;
  #telemetry: Telemetry | undefined;
  #name = "";

  private constructor(parts: DaemonParts) {
    this.#parts = parts;
    this.#capture = new Capture({ clock: parts.clock, tap: (on) => this.#engine?.send({ type: "tap", on }) });
    this.#startedAt = parts.clock.now();
    this.#events = new EventLog(parts.clock, { server: parts.loaded.settings.core.name, boot_id: this.#bootId });
    const { loaded, clock, file } = parts;
    const tls = tlsSetOf(loaded.settings, clock.wall(), file);
    this.#certificates = new Certificates(tls, { clock, events: this.#events });
    this.#denied = new DenyList(denyFile(join(loaded.settings.core.state_dir, "denied.json")));
    this.#reloader = new Reloader(loaded, tls, {
      clock,
      events: this.#events,
      file,
      env: process.env,
      apply: (settings, set) => this.#apply(settings, set),
      useClusterKeys: (keys) => this.#role?.useClusterKeys(keys),
    });
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  get #settings(): Settings {
    return this.#reloader.settings;
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
    this.#cleanup.defer(
      this.#events.onEvent(({ severity, code, message, facts, seq }) =>
        log.write(levelOf[severity], code, message, { ...facts, seq }),
      ),
    );
    mkdirSync(settings.core.state_dir, { recursive: true, mode: 0o700 });
    const tun = openTun({ name: settings.network.interface, queues: 1 });
    this.#cleanup.defer(() => tun.close());
    this.#name = tun.name;
    const host = await HostNetwork.open({ device: tun.name, stateDirectory: settings.core.state_dir });
    this.#cleanup.defer(() => host.close());
    const slots = createLinkSlots(settings.core.max_connections);
    const dataLoop = createLoopCells();
    const bucketSlots = createBucketSlots(mostBuckets);
    const engine = startEngine(
      {
        mode: settings.core.mode,
        tun: { fd: tun.fds[0] as number, name: tun.name, features: tun.features },
        mtu: settings.network.mtu,
        material: this.#certificates.material,
        admission: admissionRules(settings),
        liveness: livenessRules(settings),
        wear: { bytes: settings.security.certificates.rotation_bytes, records: mostRecords },
        keepAlive: settings.performance.tcp_keepalive,
        clientToClient: isServer(settings) && settings.access.client_to_client,
        clustered: isServer(settings) && settings.cluster.secret_file !== undefined,
        counters: this.#counters,
        linkSlots: slots,
        loop: dataLoop,
        sampling: settings.monitoring.top_talkers,
        limits: limitRules(settings),
        bucketSlots,
        queueBytes: settings.buffers.size * settings.buffers.pool_size,
      },
      (event) => this.#onEvent(event),
      (error) => this.#fail("engine_died", error.message),
    );
    this.#engine = engine;
    this.#cleanup.defer(() => engine.stop());
    this.#cleanup.defer(() => this.#capture.stop());
    const parts = {
      clock,
      engine,
      host,
      events: this.#events,
      links: this.#links,
      features: tun.features,
      identity: this.#certificates.material.identity,
      denied: (identity: string) => this.#denied.has(identity),
      figures: (record: LinkRecord) => this.#monitor?.figures(record),
    };
    const role = isServer(settings) ? new ServerRole(settings, parts) : new ClientRole(settings, parts);
    this.#role = role;
    const rateLimits = new RateLimits({
      clock,
      engine,
      events: this.#events,
      settings,
      values: bucketSlots,
      connected: () => role.sessions(),
    });
    this.#rateLimits = rateLimits;
    this.#cleanup.defer(() => rateLimits.stop());
    this.#cleanup.defer(() => role.close());
    this.#monitor = new Monitor({
      clock,
      counters: this.#counters,
      slots,
      links: this.#links,
      sessionCount: () => role.sessions().length,
      flow: {
        health: () => {
          this.#certificates.tick();
          this.#closeDistrusted();
          role.checkHealth();
        },
        weights: () => role.adjustWeights(),
        breakers: () => role.settleBreakers(),
        rates: () => this.#rateLimits?.tick(this.#monitor?.slowSessions() ?? new Map()),
        metrics: () => {
          this.#telemetry?.tick();
          this.#moments.record(this.#recorded());
        },
      },
    });
    this.#cleanup.defer(() => this.#monitor?.stop());
    const telemetry = this.#makeTelemetry(slots, dataLoop);
    await this.#openControl();
    const died = this.ended.then(() => {
      throw new SssonectorError("engine_died", "it ended while the daemon started");
    });
    await Promise.race([role.start(), died]);
    // After the tunnel, whose port goes first.
    await telemetry.apply(settings.monitoring.prometheus);
    const netlink = watchNetwork(clock, () => void this.#networkChanged());
    this.#cleanup.defer(() => netlink.close());
    this.#reloader.watch();
    this.#cleanup.use(this.#reloader);
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

  #makeTelemetry(slots: Float64Array, dataLoop: Float64Array<SharedArrayBuffer>): Telemetry {
    const telemetry = new Telemetry({
      clock: this.#parts.clock,
      events: this.#events,
      counters: this.#counters,
      slots,
      links: this.#links,
      dataLoop,
      log: this.#parts.log,
      snapshot: () => this.#recorded(),
      state: () => this.#daemonState(),
      sessionsRefused: () => this.#role?.sessionsRefused ?? new Map(),
    });
    this.#telemetry = telemetry;
    this.#cleanup.defer(() => telemetry.close());
    return telemetry;
  }

  async #openControl(): Promise<void> {
    const { control } = this.#settings;
    const server = await startControlServer(
      {
        backend: this,
        clock: this.#parts.clock,
        credentials: peerCredentials,
        refused: (remote, reason) => {
          this.#events.add("warning", "control_refused", `${remote}: ${reason}`, { remote, reason });
        },
      },
      { socketPath: control.socket, group: control.group ?? "", operators: control.operators },
    );
    this.#control = server;
    this.#cleanup.defer(() => this.#control?.[Symbol.asyncDispose]());
    await this.#openControlTcp(server, control.tcp);
  }

  /** The socket works without it, so a failure is told and not fatal. */
  async #openControlTcp(server: ControlServer, { listen, token_file: file }: ControlSettings["tcp"]): Promise<void> {
    if (listen === undefined || file === undefined) return;
    try {
      await server.listenTcp(listen, () => readTokens(file));
    } catch (error) {
      this.#controlTcpError = describeError(error);
      this.#events.add("warning", "control_tcp_unavailable", this.#controlTcpError);
    }
  }

  #controlAlerts(): Alert[] {
    if (this.#controlTcpError === undefined) return [];
    return [{ code: "control_tcp_unavailable", severity: "warning", message: this.#controlTcpError }];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#state = "stopping";
    await this.#cleanup.disposeAsync();
  }

  snapshot(): Omit<Snapshot, "control"> {
    const events = this.#events.newest(200);
    const top = this.#telemetry?.top ?? noTalkers;
    return { v: 1, ...this.#recorded(), top, events, history: [...(this.#monitor?.history ?? [])] };
  }

  moment(at_ms: number): Moment | undefined {
    return this.#moments.at(at_ms);
  }

  kept(): { oldest_ms: number | null; newest_ms: number | null } {
    return { oldest_ms: this.#moments.oldest, newest_ms: this.#moments.newest };
  }

  #recorded(): Recorded {
    const { clock } = this.#parts;
    const sessions = this.#role?.sessions() ?? [];
    const connections = this.#monitor?.connections() ?? [];
    const totals = readTotals(this.#counters);
    const role = this.#role;
    return {
      time_ms: clock.wall(),
      status: {
        name: this.#settings.core.name,
        mode: this.#settings.core.mode,
        version: this.#parts.version,
        state: this.#daemonState(),
        uptime_seconds: Math.round((clock.now() - this.#startedAt) / 1000),
        pid: process.pid,
        boot_id: this.#bootId,
        interface: this.#name,
        mtu: this.#settings.network.mtu,
        inner: [...(role?.inner ?? [])],
        sessions: sessions.length,
        connections: connections.length,
        ...totals,
        dropped: readDrops(this.#counters),
        refused: Object.fromEntries(this.#refused),
        certificate_expires_seconds: this.#certificates.expiresSeconds("certificate") ?? 0,
        ca_expires_seconds: this.#certificates.expiresSeconds("ca") ?? 0,
        crl_expires_seconds: this.#certificates.expiresSeconds("crl"),
        last_reload: this.#reloader.last,
        log_level: this.#parts.log.level,
        log_lines_lost: this.#parts.log.lost,
        resources: this.#telemetry?.resources() ?? unknownResources,
        alerts: [
          ...this.#controlAlerts(),
          ...this.#certificates.alerts(),
          ...this.#reloader.alerts(),
          ...(role?.alerts() ?? []),
          ...(this.#telemetry?.alerts() ?? []),
        ],
      },
      connections: [...connections, ...(role?.serviceConnections() ?? [])],
      sessions,
      backends: role?.backends() ?? [],
      breakers: role?.breakers() ?? [],
      services: role?.services() ?? [],
      buckets: this.#rateLimits?.rows() ?? [],
    };
  }

  config(): ConfigRow[] {
    return [...this.#reloader.rows];
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

  async reload({ dryRun }: { dryRun: boolean }): Promise<ActionResult> {
    const result = this.#reload("command", dryRun);
    await this.#telemetry?.settled();
    return result;
  }

  /** SIGHUP. */
  hangUp(): void {
    this.#reload("signal", false);
  }

  #reload(trigger: "command" | "signal", dryRun: boolean): ActionResult {
    using _told = dryRun ? undefined : this.#parts.serviceManager.reloading(() => this.#statusLine());
    return this.#reloader.reload(trigger, dryRun);
  }

  #apply(settings: Settings, tls: TlsSet): void {
    this.#parts.log.level = settings.monitoring.logging.level;
    this.#parts.log.reopen();
    this.#certificates.replace(tls);
    this.#engine?.send({ type: "renew", material: tls.material });
    this.#engine?.send({ type: "rules", admission: admissionRules(settings), liveness: livenessRules(settings) });
    this.#role?.reload(settings);
    this.#rateLimits?.apply(settings);
    void this.#telemetry?.apply(settings.monitoring.prometheus);
    this.#closeDistrusted();
  }

  async setRate(change: RateChange, options: { dryRun: boolean }): Promise<ActionResult> {
    return this.#rateLimits?.set(change, options) ?? { kind: "refused", message: "the daemon is still starting" };
  }

  certificates(): CertificateReport {
    const { total, rows } = this.#certificates.peers();
    const denied = this.#denied.rows().slice(-mostDenied);
    return {
      own: this.#certificates.own(),
      peers: rows,
      peers_total: total,
      denied: denied.map(({ identity, sinceMs }) => ({ identity, since_ms: sinceMs })),
    };
  }

  async rotate(options: { dryRun: boolean }): Promise<ActionResult> {
    return this.#role?.rotate(options) ?? { kind: "refused", message: "the daemon is still starting" };
  }

  async deny(identity: string, denied: boolean, { dryRun }: { dryRun: boolean }): Promise<ActionResult> {
    if (!isServer(this.#settings)) {
      return { kind: "refused", message: "a client lets nobody in; take a server out with `maint`" };
    }
    const links = [...this.#links].filter((record) => record.identity === identity).length;
    if (this.#denied.has(identity) === denied) {
      return { kind: "refused", message: `${identity} is ${denied ? "shut out already" : "not shut out"}` };
    }
    const count = `${links} ${links === 1 ? "link" : "links"}`;
    const facts = { links };
    const would = denied ? `would shut ${identity} out and end ${count}` : `would let ${identity} in again`;
    if (dryRun) return { kind: "done", message: would, facts };
    if (denied) this.#denied.add(identity, this.#parts.clock.wall());
    else this.#denied.remove(identity);
    if (denied) this.#events.add("warning", "identity_denied", `${identity} is shut out by an operator`, { identity });
    else this.#events.add("info", "identity_allowed", `${identity} is let in again by an operator`, { identity });
    this.#role?.withdraw();
    return {
      kind: "done",
      message: denied ? `${identity} is shut out, ${count} ended` : `${identity} is let in again`,
      facts,
    };
  }

  async act(action: BackendAction, options: { dryRun: boolean; acceptRisk: boolean }): Promise<ActionResult> {
    const result = this.#role?.act(action, options);
    if (result !== undefined) return result;
    const names = this.#role?.backends().map(({ name }) => name) ?? [];
    const known = names.length === 0 ? "this daemon has no backends" : `there are ${names.join(", ")}`;
    return { kind: "not_found", message: `no backend ${action.backend ?? ""}: ${known}` };
  }

  logs(since: number, level: LogLevel, most: number): LogLine[] {
    return this.#parts.log.since(since, level, most);
  }

  capture(reader: CaptureReader, session: string | undefined): CaptureResult {
    const known = this.#role?.sessions() ?? [];
    if (session !== undefined && !known.some(({ id }) => id === session)) {
      return { kind: "not_found", message: `no session ${session}` };
    }
    const begun = this.#capture.isNew(reader);
    const read = this.#capture.read(reader, session);
    if (read.kind === "busy") return { kind: "refused", message: `${read.who} captures already` };
    return { ...read, begun };
  }

  async logLevel(level: LogLevel, { dryRun }: { dryRun: boolean }): Promise<ActionResult> {
    const { log } = this.#parts;
    const from = log.level;
    const facts = { from, to: level };
    if (dryRun) return { kind: "done", message: `would log ${level} and above instead of ${from}`, facts };
    log.level = level;
    this.#events.add("info", "log_level", `logs ${level} and above until the next reload, before it ${from}`, facts);
    return { kind: "done", message: `logs ${level} and above until the next reload, before it ${from}`, facts };
  }

  async metrics(): Promise<string> {
    return (await this.#telemetry?.write())?.text ?? "";
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
    this.#parts.log.write("info", "audit", `${who} ${action} ${entry.target}: ${outcome}`, {
      ...told(entry),
      outcome,
      before: JSON.stringify(entry.before),
      after: JSON.stringify(entry.after),
    });
    if (outcome.startsWith("denied")) {
      this.#events.add("warning", "role_refused", `${who} may not ${action}`, { who, action });
    }
    if (entry.revision !== null)
      this.#events.add("info", "operator_action", `${entry.who}: ${entry.action} ${entry.target}`, told(entry));
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
    if (event.type === "sampled") return this.#telemetry?.sampled(event.destinations);
    if (event.type === "captured") return this.#capture.arrived(event);
    if (event.type === "tun_down") {
      return this.#fail("tun_gone", `${this.#name} is down or gone`);
    }
    if (event.type === "hello" && !this.#meet(event, event.identity, event.remote)) return;
    if (event.type === "secured") {
      const identity = this.#links.get(event.link)?.identity ?? "";
      if (!this.#meet(event, identity, event.remote)) return;
    }
    if (event.type === "closed") this.#certificates.forget(event.link);
    this.#rateLimits?.onEvent(event);
    this.#role?.onEvent(event);
  }

  async #networkChanged(): Promise<void> {
    try {
      await this.#role?.networkChanged();
    } catch (error) {
      this.#events.add("warning", "repin_failed", describeError(error));
    }
  }

  /** Keeps the certificate of a link that comes up; false when the link must not: its certificate is good no longer. */
  #meet(
    { link, certificate }: Extract<Event, { type: "hello" | "secured" }>,
    identity: string,
    remote: string,
  ): boolean {
    const reason = this.#certificates.meet(link, identity, certificate);
    if (reason === undefined) return true;
    this.#engine?.send({ type: "close", link, reason: "denied", text: reason });
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1);
    this.#events.add("warning", "handshake_refused", `${remote}: ${reason}`, { remote, reason });
    return false;
  }

  #closeDistrusted(): void {
    const gone = this.#certificates.distrusted();
    for (const reason of new Set(gone.map((one) => one.reason))) {
      const links = gone.filter((one) => one.reason === reason).map(({ link }) => link);
      this.#role?.closeLinks(new Set(links), reason);
    }
    for (const { identity, reason } of gone) {
      this.#events.add("warning", "link_distrusted", `closed a link of ${identity}: ${reason}`, { identity, reason });
    }
  }
}

/** Ends of links that are the peer's fault, as this end names them. */
const peerFaults: ReadonlySet<string> = new Set(["protocol_error", "hello_timeout", "frame_timeout"]);

/** What status.refused counts: handshakes that came to nothing, and links that broke the protocol. */
function isRefusal(event: Event): event is Extract<Event, { reason: string }> {
  if (event.type === "refused" || event.type === "dial_failed") return true;
  return event.type === "closed" && peerFaults.has(event.reason);
}

function admissionRules(settings: Settings): AdmissionRules {
  if (!isServer(settings)) return { pending: 1, perSource: { pending: 1, rate: 1, burst: 1 } };
  return { pending: settings.limits.handshakes_pending, perSource: settings.limits.per_source };
}

function livenessRules(settings: Settings): { interval: number; timeout: number; misses: number; stall: number } {
  const { interval, timeout, fall } = settings.health;
  // The server waits twice as long, so that the client, which makes the replacement, is the first to act.
  const patience = settings.core.mode === "server" ? 2 : 1;
  return { interval: interval * patience, timeout: timeout * patience, misses: fall, stall: 2500 * patience };
}

const levelOf = { info: "info", warning: "warn", critical: "error" } as const;

/** What the event of an action tells of its audit entry. */
function told({ who, action, target, revision }: Parameters<ControlBackend["audit"]>[0]): LogFacts {
  return { who, action, target, revision: revision ?? 0 };
}
