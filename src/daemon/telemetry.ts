import type { Clock, Millis } from "../shared/clock.ts";
import type { Alert, DaemonState, Resources, TopTalkers } from "../shared/control/snapshot.ts";
import { eventRows } from "../shared/event-codes.ts";
import type { PrometheusSettings } from "./config/settings.ts";
import type { Log } from "./logs/log.ts";
import { LogLoss } from "./logs/log-loss.ts";
import { type DropReason, dropReasons, readDrops, readLevels } from "./metrics/counters.ts";
import { type Exposition, Exporter } from "./metrics/exposition.ts";
import { IdentityTotals } from "./metrics/identity-totals.ts";
import { linkField } from "./metrics/link-slots.ts";
import { createLoopCells, LoopMeter, LoopWindow } from "./metrics/loop-delay.ts";
import { type ProcessFigures, readProcess } from "./metrics/process.ts";
import type { MetricsView, Readings } from "./metrics/view.ts";
import type { DestinationBytes } from "./metrics/traffic-sampler.ts";
import { MetricsServing } from "./metrics-serving.ts";
import type { EventLog } from "./monitor/event-log.ts";
import type { LinkSamples } from "./monitor/link-samples.ts";
import { resourceAlerts } from "./monitor/resources.ts";
import { Talkers } from "./monitor/talkers.ts";
import type { LinkBook } from "./pool/link-book.ts";
import { type SessionRefusal, sessionRefusals } from "./session/registry.ts";
import { refusalReasons } from "./tls/refusal.ts";

/** Counting descriptors costs time where there are thousands. */
const processEvery: Millis = 10_000;

export interface TelemetryParts {
  readonly clock: Clock;
  readonly events: EventLog;
  readonly counters: readonly Float64Array[];
  readonly slots: Float64Array;
  readonly links: LinkBook;
  readonly samples: Pick<LinkSamples, "eachMoved">;
  /** Where each data thread measures its loop. */
  readonly dataLoops: readonly Float64Array<SharedArrayBuffer>[];
  readonly log: Pick<Log, "written" | "lost" | "error" | "check">;
  snapshot(): Readings;
  state(): DaemonState;
  sessionsRefused(): ReadonlyMap<SessionRefusal, number>;
}

/** What the daemon tells of itself: resources, talkers, and all metrics of a moment. */
export class Telemetry {
  readonly #parts: TelemetryParts;
  readonly #exporter = new Exporter();
  readonly #mainLoop = createLoopCells();
  readonly #mainMeter = new LoopMeter(this.#mainLoop);
  readonly #windows: Readonly<Record<string, LoopWindow>>;
  #identities: IdentityTotals | undefined;
  readonly #serving: MetricsServing;
  readonly #logLoss: LogLoss;
  #perIdentity: number | undefined;
  readonly #talkers = new Talkers();
  #process: ProcessFigures = readProcess();
  #processAt: Millis;

  constructor(parts: TelemetryParts) {
    this.#parts = parts;
    const { clock, events, log } = parts;
    this.#processAt = clock.now();
    this.#serving = new MetricsServing({ clock, events, state: () => parts.state(), write: () => this.write() });
    this.#logLoss = new LogLoss(clock, log, (count) => {
      events.add("warning", "log_lost", "log lines can't be written; traffic goes on", { count });
    });
    const data = parts.dataLoops.map((cells, index) => [`data-${index + 1}`, new LoopWindow(cells)] as const);
    this.#windows = { main: new LoopWindow(this.#mainLoop), ...Object.fromEntries(data) };
  }

  /** Serves as the settings say from now on; resolves when that is done, or known to be impossible for now. */
  apply(settings: PrometheusSettings): Promise<void> {
    if (settings.per_identity !== this.#perIdentity) {
      this.#perIdentity = settings.per_identity;
      this.#identities = settings.per_identity === 0 ? undefined : new IdentityTotals(settings.per_identity);
    }
    return this.#serving.apply(settings);
  }

  /** Once a second. */
  tick(): void {
    this.#mainMeter.sample();
    for (const window of Object.values(this.#windows)) window.tick();
    this.#sampleLinks();
    this.#sampleProcess();
    this.#logLoss.tick();
    this.#serving.tick();
  }

  /** Resolves when what `apply` began is done. */
  settled(): Promise<void> {
    return this.#serving.settled();
  }

  resources(): Resources {
    const { openDescriptors, mostDescriptors, residentBytes, mostMemoryBytes } = this.#process;
    const loops = Object.entries(this.#windows).map(([thread, { figures }]) => [thread, figures] as const);
    return {
      open_descriptors: openDescriptors,
      most_descriptors: mostDescriptors,
      resident_bytes: residentBytes,
      most_memory_bytes: mostMemoryBytes,
      ...readLevels(this.#parts.counters),
      loop_delay_ms: Object.fromEntries(loops.map(([thread, { worst }]) => [thread, Math.round(worst * 1000)])),
      loop_load: Object.fromEntries(
        loops.map(([thread, { utilization }]) => [thread, Math.round(utilization * 1000) / 10]),
      ),
    };
  }

  alerts(): Alert[] {
    return [...resourceAlerts(this.resources()), ...this.#logLoss.alerts(), ...this.#serving.alerts()];
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
    await this.#serving.close();
    this.#mainMeter.stop();
  }

  #sampleProcess(): void {
    const now = this.#parts.clock.now();
    if (now - this.#processAt < processEvery) return;
    this.#processAt = now;
    this.#process = readProcess();
  }

  #sampleLinks(): void {
    this.#identities?.recount();
    this.#parts.samples.eachMoved((identity, rx, tx) => {
      this.#identities?.count(identity, rx, tx);
      this.#talkers.moved(identity, rx, tx);
    });
    this.#talkers.tick();
  }

  #view(): MetricsView {
    const { events, links, log, counters, slots } = this.#parts;
    const all = this.#parts.snapshot();
    // Metrics of connections are about links; services have their own.
    const snapshot = { ...all, connections: all.connections.filter(({ kind }) => kind === "link") };
    const queued = [...links].map(({ slot }) => (slot === undefined ? 0 : (slots[slot + linkField.queued_bytes] ?? 0)));
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
