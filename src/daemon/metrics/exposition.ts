import type { Counter, Gauge, Registry } from "prom-client";
import { catalogue } from "./catalogue.ts";
import { type Metric, metricPrefix } from "./metric.ts";
import type { MetricsView } from "./view.ts";

/** All metrics in Prometheus' text format, with its media type. */
export interface Exposition {
  readonly type: string;
  readonly text: string;
}

interface Series {
  readonly metric: Metric;
  readonly target: { readonly kind: "counter"; readonly of: Counter } | { readonly kind: "gauge"; readonly of: Gauge };
}

interface Registered {
  readonly registry: Registry;
  readonly series: readonly Series[];
}

/** Writes the catalogue's metrics. The library is loaded at the first use, since many daemons need none. */
export class Exporter {
  #registered: Promise<Registered> | undefined;

  async write(view: MetricsView): Promise<Exposition> {
    this.#registered ??= register();
    const { registry, series } = await this.#registered;
    for (const one of series) refill(one, view);
    return { type: registry.contentType, text: await registry.metrics() };
  }
}

async function register(): Promise<Registered> {
  const client = await import("prom-client");
  const registry = new client.Registry();
  const series = catalogue.map((metric): Series => {
    const { help, labels } = metric;
    const options = { name: metricPrefix + metric.name, help, labelNames: [...labels], registers: [registry] };
    return metric.type === "counter"
      ? { metric, target: { kind: "counter", of: new client.Counter(options) } }
      : { metric, target: { kind: "gauge", of: new client.Gauge(options) } };
  });
  return { registry, series };
}

/** What the daemon counts is the truth, so that each scrape sets every series anew. */
function refill({ metric, target }: Series, view: MetricsView): void {
  target.of.reset();
  // One without labels comes back as 0, and must be absent when there is nothing to say.
  if (metric.labels.length === 0) target.of.remove();
  for (const { labels, value } of metric.read(view)) {
    if (target.kind === "counter") target.of.inc(labels, value);
    else target.of.set(labels, value);
  }
}
