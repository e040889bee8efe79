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

type Series = (view: MetricsView) => readonly (readonly [Readonly<Record<string, string>>, Value])[];

/** A metric with labels: `[labels, value]` of each series; those whose value is null are left out. */
export function labelled(metric: Omit<Metric, "read"> & { readonly series: Series }): Metric {
  return { ...metric, read: (view) => samples(metric.series(view)) };
}

/** Metrics with a series for each row of a table of the snapshot. */
export interface RowMetrics<Row> {
  gauge(name: string, help: string, value: (row: Row) => Value): Metric;
  counter(name: string, help: string, value: (row: Row) => Value): Metric;
  /** One series for each state of each row, 1 for the one that holds. */
  state<State extends string>(
    name: string,
    help: string,
    states: readonly State[],
    current: (row: Row) => State,
  ): Metric;
}

/** `label` says what has a row each, and has its name. */
export function ofRows<Row extends { readonly name: string }>(
  label: string,
  rows: (snapshot: MetricsView["snapshot"]) => readonly Row[],
): RowMetrics<Row> {
  const of = (type: Metric["type"], name: string, help: string, value: (row: Row) => Value): Metric => {
    const series: Series = ({ snapshot }) => rows(snapshot).map((row) => [{ [label]: row.name }, value(row)]);
    return labelled({ name, type, labels: [label], help, bound: `${label}s of the configuration`, series });
  };
  return {
    gauge: (name, help, value) => of("gauge", name, help, value),
    counter: (name, help, value) => of("counter", name, help, value),
    state: (name, help, states, current) => {
      const bound = `${states.length} states of each ${label}`;
      const series: Series = ({ snapshot }) =>
        rows(snapshot).flatMap((row) => oneHot({ [label]: row.name }, states, current(row)));
      return labelled({ name, type: "gauge", labels: [label, "state"], help, bound, series });
    },
  };
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
