import type { Clock, Millis } from "../shared/clock.ts";
import type { Alert, DaemonState } from "../shared/control/snapshot.ts";
import { describeError } from "../shared/errors.ts";
import type { PrometheusSettings } from "./config/settings.ts";
import { type Endpoint, openEndpoint } from "./metrics/endpoint.ts";
import type { Exposition } from "./metrics/exposition.ts";
import type { EventLog } from "./monitor/event-log.ts";

const retryAfter: Millis = 10_000;
/** Scrapes within this time get the same answer. */
const freshFor: Millis = 250;

export interface MetricsServingParts {
  readonly clock: Clock;
  readonly events: EventLog;
  state(): DaemonState;
  /** All metrics of this moment. */
  write(): Promise<Exposition>;
}

type Serving =
  | { readonly kind: "off" }
  | { readonly kind: "open"; readonly endpoint: Endpoint }
  | { readonly kind: "failed"; readonly why: string; readonly retryAt: Millis };

/** The endpoint for Prometheus: where the settings say, tried again while that can't be had. */
export class MetricsServing {
  readonly #parts: MetricsServingParts;
  #settings: PrometheusSettings | undefined;
  #serving: Serving = { kind: "off" };
  #written: { readonly at: Millis; readonly text: Promise<Exposition> } | undefined;
  /** Changes of the endpoint, one after the other. */
  #changing: Promise<void> = Promise.resolve();

  constructor(parts: MetricsServingParts) {
    this.#parts = parts;
  }

  /** Serves as the settings say from now on; resolves when that is done, or known to be impossible for now. */
  apply(settings: PrometheusSettings): Promise<void> {
    const same = JSON.stringify(settings) === JSON.stringify(this.#settings);
    this.#settings = settings;
    if (!same) this.#changing = this.#changing.then(() => this.#serve());
    return this.#changing;
  }

  /** Once a second. */
  tick(): void {
    if (this.#serving.kind !== "failed" || this.#parts.clock.now() < this.#serving.retryAt) return;
    this.#serving = { ...this.#serving, retryAt: Number.POSITIVE_INFINITY };
    this.#changing = this.#changing.then(() => this.#serve());
  }

  /** Resolves when what `apply` began is done. */
  settled(): Promise<void> {
    return this.#changing;
  }

  alerts(): Alert[] {
    if (this.#serving.kind !== "failed") return [];
    return [{ code: "metrics_unavailable", severity: "warning", message: this.#serving.why }];
  }

  async close(): Promise<void> {
    this.#settings = undefined;
    await this.#changing;
    await this.#stopServing();
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
      this.#written = { at: now, text: this.#parts.write() };
    return this.#written.text;
  }

  async #stopServing(): Promise<void> {
    const before = this.#serving;
    this.#serving = { kind: "off" };
    if (before.kind === "open") await before.endpoint[Symbol.asyncDispose]();
  }
}
