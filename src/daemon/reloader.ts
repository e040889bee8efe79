import { isDeepStrictEqual } from "node:util";
import type { Clock } from "../shared/clock.ts";
import type { Alert, LastReload } from "../shared/control/snapshot.ts";
import { applyLive } from "./config/reload.ts";
import type { ConfigRow } from "./config/rows.ts";
import type { Settings } from "./config/settings.ts";
import type { ActionResult } from "./control/backend.ts";
import type { EventLog } from "./monitor/event-log.ts";
import { planCertificates, planReload, type ReloadPlan, type Running } from "./reload-plan.ts";
import type { ClusterKey } from "./session/token.ts";
import { FileWatch } from "./store/file-watch.ts";
import { tlsPaths } from "./tls-files.ts";
import type { TlsSet } from "./tls/material.ts";

type Trigger = LastReload["trigger"];

export interface ReloaderParts {
  readonly clock: Clock;
  readonly events: EventLog;
  /** The config file, absolute. */
  readonly file: string;
  readonly env: NodeJS.ProcessEnv;
  /** Puts what was checked to use, all of it in this one call. */
  apply(settings: Settings, tls: TlsSet): void;
  /** The keys of the cluster were read anew; another one may seal. */
  useClusterKeys(keys: readonly ClusterKey[]): void;
}

/**
 * Settings and certificates of a daemon that runs. What is read anew is checked first and then applied as a whole; what is
 * bad changes nothing, and is told as an event, as an alert and in `last_reload` until a good one follows.
 */
export class Reloader implements Disposable {
  readonly #parts: ReloaderParts;
  readonly #identity: string;
  readonly #bad = new Map<"settings" | "certificates", string>();
  #settings: Settings;
  #rows: readonly ConfigRow[];
  #tls: TlsSet;
  #last: LastReload | null = null;
  #watches: readonly FileWatch[] = [];

  constructor(loaded: { settings: Settings; rows: readonly ConfigRow[] }, tls: TlsSet, parts: ReloaderParts) {
    this.#settings = loaded.settings;
    this.#rows = loaded.rows;
    this.#tls = tls;
    this.#identity = tls.material.identity;
    this.#parts = parts;
  }

  get settings(): Settings {
    return this.#settings;
  }

  get rows(): readonly ConfigRow[] {
    return this.#rows;
  }

  get last(): LastReload | null {
    return this.#last;
  }

  alerts(): Alert[] {
    return [...this.#bad].map(([what, why]) => ({
      code: "reload_failed",
      severity: "warning",
      message: `the ${what} on disk are not in use: ${why}`,
    }));
  }

  /** Begins to look after the files. */
  watch(): void {
    const { clock, file } = this.#parts;
    const config = new FileWatch({
      clock,
      paths: () => (this.#settings.core.auto_reload ? [file] : []),
      changed: () => void this.reload("config_file", false),
    });
    const certificates = new FileWatch({
      clock,
      paths: () => (this.#settings.security.certificates.auto_reload ? tlsPaths(this.#settings) : []),
      changed: () => this.renewCertificates(),
    });
    this.#watches = [config, certificates];
  }

  [Symbol.dispose](): void {
    for (const watch of this.#watches) watch.close();
  }

  /** Reads settings and certificates again. */
  reload(trigger: Trigger, dryRun: boolean): ActionResult {
    const { clock, file, env } = this.#parts;
    const planned = planReload(this.#running, { file, env, wall: clock.wall() });
    if (planned.kind === "bad") {
      const message = `nothing changed: ${planned.message}`;
      if (!dryRun) this.#failed("settings", trigger, planned.message);
      return { kind: "failed", message };
    }
    const { plan } = planned;
    const facts = { live: plan.live.map(({ path }) => path), restart: plan.restart.map(({ path }) => path) };
    const what = describe(plan);
    if (dryRun) return { kind: "done", message: `would reload: ${what}`, facts };
    this.#take(plan);
    this.#bad.clear();
    this.#done(trigger, `reloaded: ${what}`);
    this.#parts.events.add("info", "reloaded", what, { trigger });
    return { kind: "done", message: `reloaded: ${what}`, facts };
  }

  /** Reads the certificate files again, and nothing else. */
  renewCertificates(): void {
    const { clock, events, file } = this.#parts;
    const planned = planCertificates(this.#running, { file, wall: clock.wall() });
    if (planned.kind === "bad") return this.#failed("certificates", "certificate_files", planned.message);
    const mended = this.#bad.delete("certificates");
    if (!mended && isDeepStrictEqual(planned.plan.material, this.#tls.material)) return;
    this.#tls = planned.plan;
    this.#parts.apply(this.#settings, this.#tls);
    const { serial, notAfterMs } = planned.plan.own[0] ?? { serial: null, notAfterMs: 0 };
    const message = `certificate ${serial} until ${new Date(notAfterMs).toISOString()}, CA and revocation list are in use`;
    this.#done("certificate_files", message);
    events.add("info", "certificates_renewed", message, { serial: serial ?? "" });
  }

  get #running(): Running {
    return { settings: this.#settings, rows: this.#rows, identity: this.#identity };
  }

  #take(plan: ReloadPlan): void {
    this.#settings = applyLive(this.#settings, plan.settings, plan.live);
    const kept = new Set(plan.restart.map(({ path }) => path));
    const running = new Map(this.#rows.map((row) => [row.key, row]));
    this.#rows = plan.rows.map((row) => (kept.has(row.key) ? (running.get(row.key) ?? row) : row));
    this.#tls = plan.tls;
    this.#parts.apply(this.#settings, this.#tls);
    this.#parts.useClusterKeys(plan.clusterKeys);
  }

  #done(trigger: Trigger, message: string): void {
    this.#last = { time_ms: this.#parts.clock.wall(), trigger, result: "done", message };
    this.#seen();
  }

  /** Whatever is on disk has just been read: only what changes from now on is news. */
  #seen(): void {
    for (const watch of this.#watches) watch.seen();
  }

  #failed(what: "settings" | "certificates", trigger: Trigger, why: string): void {
    this.#seen();
    this.#bad.set(what, why);
    this.#last = { time_ms: this.#parts.clock.wall(), trigger, result: "failed", message: why };
    this.#parts.events.add("critical", "reload_failed", `the old ${what} stay: ${why}`, { trigger });
  }
}

function describe({ live, restart }: ReloadPlan): string {
  const changes = live.length === 0 ? "no setting changed" : `changed ${live.map(({ path }) => path).join(", ")}`;
  const later = restart.length === 0 ? "" : `; needs a restart: ${restart.map(({ path }) => path).join(", ")}`;
  return `${changes}, certificates and keys read anew${later}`;
}
