import type { Clock, Millis } from "../shared/clock.ts";
import type { DaemonState } from "../shared/control/snapshot.ts";
import type { DenyList } from "./access/deny-list.ts";
import { AuditTrail } from "./audit-trail.ts";
import { Capture } from "./capture/capture.ts";
import type { Certificates } from "./certificates.ts";
import { ClientRole } from "./client.ts";
import type { Loaded } from "./config/load.ts";
import { isServer, type Settings } from "./config/settings.ts";
import { ControlChannel } from "./control-channel.ts";
import { createSharedCells, engineOptions, linkRules, type SharedCells } from "./engine-options.ts";
import { type Engine, startEngine } from "./engine/engine.ts";
import type { Event } from "./engine/messages.ts";
import type { Log } from "./logs/log.ts";
import type { EventLog } from "./monitor/event-log.ts";
import { HeapTrim } from "./monitor/heap-trim.ts";
import { Monitor } from "./monitor/monitor.ts";
import { Operations } from "./operations.ts";
import { PeerTrust } from "./peer-trust.ts";
import { LinkBook, type LinkRecord } from "./pool/link-book.ts";
import { RateLimits } from "./rate-limits.ts";
import { Reloader } from "./reloader.ts";
import type { Role } from "./role.ts";
import { ServerRole } from "./server.ts";
import type { ServiceManager } from "./service-manager/service-manager.ts";
import { Snapshots } from "./snapshots.ts";
import { mallocTrim } from "./sys/libc.ts";
import { Telemetry } from "./telemetry.ts";
import type { TlsSet } from "./tls/material.ts";
import type { HostNetwork } from "./tun/host.ts";
import type { OpenTun } from "./tun/open.ts";

export interface ControlPlaneParts {
  readonly loaded: Extract<Loaded, { kind: "ok" }>;
  /** The config file, absolute: a reload reads it again. */
  readonly file: string;
  readonly version: string;
  readonly bootId: string;
  readonly startedAt: Millis;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EventLog;
  readonly serviceManager: ServiceManager;
  readonly tls: TlsSet;
  readonly certificates: Certificates;
  readonly denied: DenyList;
  readonly tun: OpenTun;
  readonly host: HostNetwork;
  state(): DaemonState;
  /** The daemon can't go on. */
  fail(code: "engine_died" | "tun_gone", message: string): void;
  shutDown(): void;
}

/** Makes the parts of the control plane and the data threads, and connects them; each part's end goes to the cleanup. */
export class ControlPlane {
  readonly engine: Engine;
  readonly role: Role;
  readonly monitor: Monitor;
  readonly telemetry: Telemetry;
  readonly reloader: Reloader;
  readonly channel: ControlChannel;
  readonly snapshots: Snapshots;
  readonly operations: Operations;
  /** Name of the TUN interface. */
  readonly interfaceName: string;
  readonly #parts: ControlPlaneParts;
  readonly #links = new LinkBook();
  readonly #heap = new HeapTrim(() => mallocTrim(0));
  readonly #capture: Capture;
  readonly #rateLimits: RateLimits;
  readonly #trust: PeerTrust;

  constructor(parts: ControlPlaneParts, cleanup: AsyncDisposableStack) {
    this.#parts = parts;
    const { clock, events, log, certificates, tun, loaded } = parts;
    const { settings } = loaded;
    const links = this.#links;
    const cells = createSharedCells(settings);
    const { counters, linkSlots: slots } = cells;

    const engine = startEngine(
      engineOptions(settings, tun, certificates.material, cells),
      (event) => this.#onEvent(event),
      (error) => parts.fail("engine_died", error.message),
    );
    cleanup.defer(() => engine.stop());
    const capture = new Capture({ clock, tap: (on) => engine.send({ type: "tap", on }) });
    cleanup.defer(() => capture.stop());
    const role = this.#makeRole(engine);
    const rateLimits = new RateLimits({ clock, engine, events, settings, values: cells.bucketSlots, connected: role });
    cleanup.defer(() => rateLimits.stop());
    cleanup.defer(() => role.close());
    const monitor = this.#makeMonitor(counters, slots);
    cleanup.defer(() => monitor.stop());
    const telemetry = new Telemetry({
      clock,
      events,
      counters,
      slots,
      links,
      samples: monitor.links,
      log,
      dataLoops: cells.loops,
      snapshot: () => this.snapshots.recorded(),
      state: () => parts.state(),
      sessionsRefused: () => role.sessionsRefused,
    });
    cleanup.defer(() => telemetry.close());
    const channel = new ControlChannel({ clock, events });
    cleanup.use(channel);

    const reloader = this.#makeReloader();
    const made = { ...parts, links, engine, role, rateLimits, monitor, telemetry, reloader, channel, capture };
    const trust = new PeerTrust(made);
    const snapshots = new Snapshots({ ...made, interfaceName: tun.name, counters, refused: trust.refused });
    const auditTrail = new AuditTrail({ clock, log, events, directory: settings.core.state_dir });
    this.operations = new Operations({ ...made, trust, snapshots, auditTrail });
    this.interfaceName = tun.name;
    this.engine = engine;
    this.role = role;
    this.monitor = monitor;
    this.telemetry = telemetry;
    this.reloader = reloader;
    this.channel = channel;
    this.snapshots = snapshots;
    this.#capture = capture;
    this.#rateLimits = rateLimits;
    this.#trust = trust;
  }

  #makeRole(engine: Engine): Role {
    const { clock, host, events, tun, certificates, denied, loaded } = this.#parts;
    const parts = {
      clock,
      engine,
      host,
      events,
      links: this.#links,
      features: tun.features,
      identity: certificates.material.identity,
      denied: (identity: string) => denied.has(identity),
      figures: (record: LinkRecord) => this.monitor.links.figures(record),
    };
    const { settings } = loaded;
    return isServer(settings) ? new ServerRole(settings, parts) : new ClientRole(settings, parts);
  }

  /** What follows once a second from the data threads' counters. */
  #makeMonitor(counters: SharedCells["counters"], slots: Float64Array): Monitor {
    const { clock, certificates } = this.#parts;
    return new Monitor({
      clock,
      counters,
      slots,
      links: this.#links,
      sessionCount: () => this.role.sessionCount,
      flow: {
        health: () => {
          certificates.tick();
          this.#trust.closeDistrusted();
          this.role.checkHealth();
        },
        weights: () => this.role.adjustWeights(),
        breakers: () => this.role.settleBreakers(),
        rates: () => this.#rateLimits.tick(() => this.monitor.links.slowSessions()),
        metrics: () => {
          this.telemetry.tick();
          this.snapshots.record();
          this.#heap.tick(clock.now());
        },
      },
    });
  }

  #makeReloader(): Reloader {
    const { clock, events, file, loaded, tls } = this.#parts;
    return new Reloader(loaded, tls, {
      clock,
      events,
      file,
      env: process.env,
      apply: (settings, set) => this.#apply(settings, set),
      useClusterKeys: (keys) => this.role.useClusterKeys(keys),
    });
  }

  #apply(settings: Settings, tls: TlsSet): void {
    const { log, certificates } = this.#parts;
    log.level = settings.monitoring.logging.level;
    log.reopen();
    certificates.replace(tls);
    this.engine.send({ type: "renew", material: tls.material });
    this.engine.send({ type: "rules", ...linkRules(settings) });
    this.role.reload(settings);
    this.#rateLimits.apply(settings);
    void this.telemetry.apply(settings.monitoring.prometheus);
    this.#trust.closeDistrusted();
  }

  #onEvent(event: Event): void {
    if (!this.#trust.admits(event)) return;
    if (event.type === "sampled") return this.telemetry.sampled(event.destinations);
    if (event.type === "captured") return this.#capture.arrived(event);
    if (event.type === "tun_down") return this.#parts.fail("tun_gone", `${this.#parts.tun.name} is down or gone`);
    if (event.type === "hello" || event.type === "refused" || event.type === "closed") this.#heap.changed();
    this.#rateLimits.onEvent(event);
    this.role.onEvent(event);
  }
}
