import type { Clock, Millis } from "../shared/clock.ts";
import type { Alert, DaemonState, Resources, TopTalkers } from "../shared/control/snapshot.ts";
import { describeError } from "../shared/errors.ts";
import { eventRows } from "../shared/event-codes.ts";
import type { PrometheusSettings } from "./config/settings.ts";
import type { Log } from "./logs/log.ts";
import { type DropReason, dropReasons, readDrops, readLevels } from "./metrics/counters.ts";
import { type Endpoint, openEndpoint } from "./metrics/endpoint.ts";
import { type Exposition, Exporter } from "./metrics/exposition.ts";
import { IdentityTotals } from "./metrics/identity-totals.ts";
import { linkField } from "./metrics/link-slots.ts";
import { createLoopCells, LoopMeter, LoopWindow } from "./metrics/loop-delay.ts";
import { type ProcessFigures, readProcess } from "./metrics/process.ts";
import type { MetricsView, Readings } from "./metrics/view.ts";
import type { DestinationBytes } from "./metrics/traffic-sampler.ts";
import type { EventLog } from "./monitor/event-log.ts";
import { resourceAlerts } from "./monitor/resources.ts";
import { Talkers } from "./monitor/talkers.ts";
import type { LinkBook } from "./pool/link-book.ts";
import { type SessionRefusal, sessionRefusals } from "./session/registry.ts";
import { refusalReasons } from "./tls/refusal.ts";

/** Counting descriptors costs time where there are thousands. */
const processEvery: Millis = 10_000;
const retryAfter: Millis = 10_000;
/** Scrapes within this time get the same answer. */
const freshFor: Millis = 250;
/** Without a lost log line the alert ends. */
const quietAfter: Millis = 60_000;

export interface TelemetryParts {
  readonly clock: Clock;
  readonly events: EventLog;
  readonly counters: Float64Array;
  readonly slots: Float64Array;
  readonly links: LinkBook;
  /** Where the data thread measures its loop. */
  readonly dataLoop: Float64Array<SharedArrayBuffer>;
  readonly log: Pick<Log, "written" | "lost" | "error" | "check">;
  snapshot(): Readings;
  state(): DaemonState;
  sessionsRefused(): ReadonlyMap<SessionRefusal, number>;
}

type Serving =
  | { readonly kind: "off" }
  | { readonly kind: "open"; readonly endpoint: Endpoint }
  | { readonly kind: "failed"; readonly why: string; readonly retryAt: Millis };

/** What the daemon tells of itself to Prometheus: gathers it, and serves it where the settings say. */
export class Telemetry {
  readonly #parts: TelemetryParts;
  readonly #exporter = new Exporter();
  readonly #mainLoop = createLoopCells();
  readonly #mainMeter = new LoopMeter(this.#mainLoop);
  readonly #windows: Readonly<Record<string, LoopWindow>>;
  #identities: IdentityTotals | undefined;
  #settings: PrometheusSettings | undefined;
  readonly #talkers = new Talkers();
  #serving: Serving = { kind: "off" };
  #process: ProcessFigures = readProcess();
  #processAt: Millis;
  #written: { readonly at: Millis; readonly text: Promise<Exposition> } | undefined;
  #lostBefore = 0;
  /** When lines were last lost; undefined when that is a minute ago. */
  #logLost: Millis | undefined;
  /** Changes of the endpoint, one after the other. */
  #changing: Promise<void> = Promise.resolve();

  constructor(parts: TelemetryParts) {
    this.#parts = parts;
    this.#processAt = parts.clock.now();
    this.#windows = { main: new LoopWindow(this.#mainLoop), "data-1": new LoopWindow(parts.dataLoop) };
  }

  /** Serves as the settings say from now on; resolves when that is done, or known to be impossible for now. */
  apply(settings: PrometheusSettings): Promise<void> {
    if (settings.per_identity !== this.#settings?.per_identity) {
      this.#identities = settings.per_identity === 0 ? undefined : new IdentityTotals(settings.per_identity);
    }
    const same = JSON.stringify(settings) === JSON.stringify(this.#settings);
    this.#settings = settings;
    if (!same) this.#changing = this.#changing.then(() => this.#serve());
    return this.#changing;
  }

  /** Once a second. */
  tick(): void {
    this.#mainMeter.sample();
    for (const window of Object.values(this.#windows)) window.tick();
    this.#sampleLinks();
    this.#sampleProcess();
    this.#checkLog();
    if (this.#serving.kind !== "failed" || this.#parts.clock.now() < this.#serving.retryAt) return;
    this.#serving = { ...this.#serving, retryAt: Number.POSITIVE_INFINITY };
    this.#changing = this.#changing.then(() => this.#serve());
  }

  /** Resolves when what `apply` began is done. */
  settled(): Promise<void> {
    return this.#changing;
  }

  resources(): Resources {
    const { openDescriptors, mostDescriptors, residentBytes, mostMemoryBytes } = this.#process;
    const loops = Object.entries(this.#windows).map(([thread, { figures }]) => [
      thread,
      Math.round(figures.worst * 1000),
    ]);
    return {
      open_descriptors: openDescriptors,
      most_descriptors: mostDescriptors,
      resident_bytes: residentBytes,
      most_memory_bytes: mostMemoryBytes,
      ...readLevels(this.#parts.counters),
      loop_delay_ms: Object.fromEntries(loops) as Record<string, number>,
    };
  }

  alerts(): Alert[] {
    const alerts = resourceAlerts(this.resources());
    if (this.#logLost !== undefined) {
      const { lost, error } = this.#parts.log;
      const message = `${lost} log lines could not be written, the last ones a moment ago (${error ?? "its reader is behind"})`;
      alerts.push({ code: "log_lost", severity: "warning", message });
    }
    if (this.#serving.kind === "failed") {
      alerts.push({ code: "metrics_unavailable", severity: "warning", message: this.#serving.why });
    }
    return alerts;
  }

  /** The data thread's sample of a second. */
  sampled(destinations: readonly DestinationBytes[]): void {
    this.#talkers.sampled(destinations);
  }

  get top(): TopTalkers {
    return this.#talkers.top;
  }

  /** All metrics of this moment. */
  write(): Promise<Exposition> {
    return this.#exporter.write(this.#view());
  }

  async close(): Promise<void> {
    this.#settings = undefined;
    await this.#changing;
    await this.#stopServing();
    this.#mainMeter.stop();
  }

  async #serve(): Promise<void> {
    const settings = this.#settings;
    const failedBefore = this.#serving.kind === "failed";
    await this.#stopServing();
    if (settings?.enabled !== true) return;
    const { clock, events } = this.#parts;
    try {
      const endpoint = await openEndpoint(settings, {
        state: () => this.#parts.state(),
        write: () => this.#writeSeldom(),
      });
      this.#serving = { kind: "open", endpoint };
      events.add("info", "metrics_served", `metrics at http://${settings.address}:${endpoint.port}${settings.path}`);
    } catch (error) {
      const why = describeError(error);
      this.#serving = { kind: "failed", why, retryAt: clock.now() + retryAfter };
      if (!failedBefore) events.add("warning", "metrics_unavailable", why);
    }
  }

  /** For those who may ask as often as they like. */
  #writeSeldom(): Promise<Exposition> {
    const now = this.#parts.clock.now();
    if (this.#written === undefined || now - this.#written.at > freshFor)
      this.#written = { at: now, text: this.write() };
    return this.#written.text;
  }

  async #stopServing(): Promise<void> {
    const before = this.#serving;
    this.#serving = { kind: "off" };
    if (before.kind === "open") await before.endpoint[Symbol.asyncDispose]();
  }

  #sampleProcess(): void {
    const now = this.#parts.clock.now();
    if (now - this.#processAt < processEvery) return;
    this.#processAt = now;
    this.#process = readProcess();
  }

  #checkLog(): void {
    const { clock, events, log } = this.#parts;
    log.check();
    const now = clock.now();
    if (log.lost > this.#lostBefore) {
      if (this.#logLost === undefined) {
        events.add("warning", "log_lost", "log lines can't be written; traffic goes on", { count: log.lost });
      }
      this.#logLost = now;
      // The event was a line as well, lost or not.
      this.#lostBefore = log.lost;
    }
    if (this.#logLost !== undefined && now - this.#logLost > quietAfter) this.#logLost = undefined;
  }

  #sampleLinks(): void {
    const links = [...this.#parts.links].flatMap(({ link, identity, slot }) =>
      slot === undefined
        ? []
        : [{ link, identity, rx: this.#slot(slot, "rx_bytes"), tx: this.#slot(slot, "tx_bytes") }],
    );
    this.#identities?.sample(links);
    this.#talkers.tick(links);
  }

  #slot(slot: number, field: keyof typeof linkField): number {
    return this.#parts.slots[slot + linkField[field]] ?? 0;
  }

  #view(): MetricsView {
    const { events, links, log, counters } = this.#parts;
    const all = this.#parts.snapshot();
    // Metrics of connections are about links; services have their own.
    const snapshot = { ...all, connections: all.connections.filter(({ kind }) => kind === "link") };
    const queued = [...links].map(({ slot }) => (slot === undefined ? 0 : this.#slot(slot, "queued_bytes")));
    return {
      snapshot,
      drops: allDrops(readDrops(counters)),
      refused: { ...zeros(Object.keys(refusalReasons)), ...snapshot.status.refused },
      sessionsRefused: { ...zeros(sessionRefusals), ...Object.fromEntries(this.#parts.sessionsRefused()) },
      events: { ...zeros(Object.keys(eventRows)), ...Object.fromEntries(events.counts) },
      eventsSuppressed: events.suppressed,
      queuedBytes: queued.reduce((sum, bytes) => sum + bytes, 0),
      log,
      loops: Object.fromEntries(Object.entries(this.#windows).map(([thread, { figures }]) => [thread, figures])),
      process: readProcess(),
      identities: this.#identities?.figures() ?? [],
    };
  }
}

function zeros(names: readonly string[]): Record<string, number> {
  return Object.fromEntries(names.map((name) => [name, 0]));
}

function allDrops(counts: Partial<Record<DropReason, number>>): MetricsView["drops"] {
  const rows = Object.entries(dropReasons) as [DropReason, (typeof dropReasons)[DropReason]][];
  return Object.fromEntries(rows.map(([reason, { side }]) => [reason, { side, count: counts[reason] ?? 0 }]));
}
