import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Clock, Millis } from "../shared/clock.ts";
import type { DaemonState } from "../shared/control/snapshot.ts";
import { describeError, SssonectorError } from "../shared/errors.ts";
import { DenyList } from "./access/deny-list.ts";
import { Certificates } from "./certificates.ts";
import type { Loaded } from "./config/load.ts";
import { ControlPlane } from "./control-plane.ts";
import { denyFile } from "./deny-file.ts";
import { dataThreads } from "./engine-options.ts";
import type { Log } from "./logs/log.ts";
import { EventLog } from "./monitor/event-log.ts";
import type { ServiceManager } from "./service-manager/service-manager.ts";
import { startWatchdog } from "./service-manager/watchdog.ts";
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

/** Milliseconds in which the daemon has put everything away once it drains no longer. */
const endTime = 10_000;

/** The daemon from its start to its end: opens in order, and ends in reverse. */
export class Daemon implements AsyncDisposable {
  /** Resolves with the exit code. */
  readonly ended: Promise<number>;
  readonly #parts: DaemonParts;
  readonly #bootId = randomUUID();
  readonly #startedAt: Millis;
  readonly #events: EventLog;
  readonly #tls: TlsSet;
  readonly #certificates: Certificates;
  readonly #denied: DenyList;
  readonly #cleanup = new AsyncDisposableStack();
  #end: (code: number) => void = () => {};
  #phase: "starting" | "ready" | "draining" | "stopping" = "starting";
  #plane: ControlPlane | undefined;

  private constructor(parts: DaemonParts) {
    this.#parts = parts;
    const { loaded, clock, file } = parts;
    const { core } = loaded.settings;
    this.#startedAt = clock.now();
    this.#events = new EventLog(clock, { server: core.name, boot_id: this.#bootId });
    this.#tls = tlsSetOf(loaded.settings, clock.wall(), file);
    this.#certificates = new Certificates(this.#tls, { clock, events: this.#events });
    this.#denied = new DenyList(denyFile(join(core.state_dir, "denied.json")));
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
    const { clock, loaded } = this.#parts;
    const { core, control, monitoring } = loaded.settings;
    const plane = await this.#openPlane();
    this.#plane = plane;
    await plane.channel.open(control, plane.operations);
    const died = this.ended.then(() => {
      throw new SssonectorError("engine_died", "it ended while the daemon started");
    });
    await Promise.race([plane.role.start(), died]);
    // After the tunnel, whose port goes first.
    await plane.telemetry.apply(monitoring.prometheus);
    const netlink = watchNetwork(clock, () => void this.#networkChanged(plane));
    this.#cleanup.defer(() => netlink.close());
    plane.reloader.watch();
    this.#cleanup.use(plane.reloader);
    this.#phase = "ready";
    this.#tellServiceManager(plane);
    const facts = { interface: plane.interfaceName, mode: core.mode };
    this.#events.add("info", "started", `${core.mode} ${core.name} runs on ${plane.interfaceName}`, facts);
  }

  async #openPlane(): Promise<ControlPlane> {
    const { log, loaded } = this.#parts;
    const { core, network } = loaded.settings;
    this.#cleanup.defer(
      this.#events.onEvent(({ severity, code, message, facts, seq }) =>
        log.write(levelOf[severity], code, message, { ...facts, seq }),
      ),
    );
    mkdirSync(core.state_dir, { recursive: true, mode: 0o700 });
    const tun = openTun({ name: network.interface, queues: dataThreads(loaded.settings) });
    this.#cleanup.defer(() => tun.close());
    const host = await HostNetwork.open({ device: tun.name, stateDirectory: core.state_dir });
    this.#cleanup.defer(() => host.close());
    return new ControlPlane(
      {
        ...this.#parts,
        bootId: this.#bootId,
        startedAt: this.#startedAt,
        events: this.#events,
        tls: this.#tls,
        certificates: this.#certificates,
        denied: this.#denied,
        tun,
        host,
        state: () => this.#state(),
        fail: (code, message) => {
          this.#events.add("critical", code, message);
          this.finish(1);
        },
        shutDown: () => void this.shutDown(),
      },
      this.#cleanup,
    );
  }

  #tellServiceManager({ engine, monitor, snapshots }: ControlPlane): void {
    const { clock, serviceManager } = this.#parts;
    serviceManager.ready(snapshots.statusLine());
    this.#cleanup.defer(monitor.onTick(() => serviceManager.status(snapshots.statusLine())));
    const { watchdog: patience } = serviceManager;
    if (patience === undefined) return;
    const responds = (): Promise<void> => engine.responds();
    const watchdog = startWatchdog({ clock, patience, responds, alive: () => serviceManager.alive() });
    this.#cleanup.defer(() => watchdog.cancel());
  }

  async #networkChanged({ role }: ControlPlane): Promise<void> {
    try {
      await role.networkChanged();
    } catch (error) {
      this.#events.add("warning", "repin_failed", describeError(error));
    }
  }

  /** SIGHUP. */
  hangUp(): void {
    this.#plane?.operations.reloadFor("signal", false);
  }

  /** Ends the run as asked: lets sessions move away for `core.drain_timeout` at most. Asked again, it ends at once. */
  async shutDown(): Promise<void> {
    const { clock, loaded, serviceManager } = this.#parts;
    const { role, reloader } = this.#plane ?? {};
    const { drain_timeout: timeout } = (reloader ?? loaded).settings.core;
    serviceManager.stopping(timeout + endTime);
    if (this.#phase !== "ready" || role === undefined || timeout === 0) return this.finish(0);
    this.#phase = "draining";
    const { promise: over, resolve } = Promise.withResolvers<void>();
    const timer = clock.after(timeout, resolve);
    await Promise.race([role.drain(), over]);
    timer.cancel();
    this.finish(0);
  }

  /** Ends the daemon's run; the first call decides the exit code. */
  finish(code: number): void {
    this.#phase = "stopping";
    this.#end(code);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#phase = "stopping";
    await this.#cleanup.disposeAsync();
  }

  #state(): DaemonState {
    if (this.#phase !== "ready") return this.#phase;
    if (this.#plane?.role.draining === true) return "draining";
    return this.#plane?.role.ready === true ? "ready" : "degraded";
  }
}

const levelOf = { info: "info", warning: "warn", critical: "error" } as const;
