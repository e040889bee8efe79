import type { MetricsView } from "./view.ts";

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** One row of the catalogue: registration, docs/metrics.md and tests follow from it. */
export interface Metric {
  /** Without the prefix `sssonector_`; ends in its unit, counters in `_total`. */
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly labels: readonly string[];
  readonly help: string;
  /** What bounds the number of its series, where it has labels. */
  readonly bound?: string;
  read(view: MetricsView): readonly Sample[];
}

export const metricPrefix = "sssonector_";

type Value = number | null;

/** A metric of one series; it is left out while its value is null. */
function single(type: Metric["type"], name: string, help: string, value: (view: MetricsView) => Value): Metric {
  return { name, type, labels: [], help, read: (view) => samples([[{}, value(view)]]) };
}

export function gauge(name: string, help: string, value: (view: MetricsView) => Value): Metric {
  return single("gauge", name, help, value);
}

export function counter(name: string, help: string, value: (view: MetricsView) => Value): Metric {
  return single("counter", name, help, value);
}

/** A metric with labels: `[labels, value]` of each series; those whose value is null are left out. */
export function labelled(
  metric: Omit<Metric, "read"> & {
    series(view: MetricsView): readonly (readonly [Readonly<Record<string, string>>, Value])[];
  },
): Metric {
  return { ...metric, read: (view) => samples(metric.series(view)) };
}

/** One series for each state, 1 for the one that holds. */
export function oneHot(
  labels: Readonly<Record<string, string>>,
  states: readonly string[],
  current: string,
): [Record<string, string>, number][] {
  return states.map((state) => [{ ...labels, state }, state === current ? 1 : 0]);
}

function samples(series: readonly (readonly [Readonly<Record<string, string>>, Value])[]): Sample[] {
  return series.flatMap(([labels, value]) => (value === null || !Number.isFinite(value) ? [] : [{ labels, value }]));
}
