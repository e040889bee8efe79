import type { DaemonProcess } from "../src/cli/demo/daemon-process.ts";
import { usage } from "./usage.ts";

export interface Sample {
  daemon: string;
  /** Since the soak's start. */
  at_s: number;
  descriptors: number;
  /** Of the main thread. */
  heap_kib: number;
  rss_anon_kib: number;
  rss_kib: number;
  threads: number;
  /** Timers, sockets and other handles of both threads. */
  resources: number;
}

const measured = ["descriptors", "heap_kib", "rss_anon_kib", "rss_kib", "threads", "resources"] as const;
type Measured = (typeof measured)[number];

/** One run of a daemon between two kills. */
export interface Life {
  name: string;
  samples: number;
  figures: Record<Measured, Growth>;
}

/** Of a figure after the warm-up. */
interface Growth {
  first: number;
  last: number;
  /** Slope of the line through all samples. */
  per_hour: number;
  /** Standard error of that slope, as if each sample swung by itself. */
  error_per_hour: number;
  /** As the two before, of the second half of the life: what still fills at first is no growth if it has stopped by then. */
  late_per_hour: number;
  late_error_per_hour: number;
  /** Slope of the line through the least of each two minutes: what stays, without what a stream or a handshake holds for a moment. */
  least_per_hour: number;
}

/** Part of a life that does not count: caches fill and code is compiled. */
const warmUp = 0.25;
const leastOf = 120;

export async function sampleOf(daemon: DaemonProcess, metricsPort: number, atMs: number): Promise<Sample> {
  const { pid } = daemon.process;
  const url = `http://127.0.0.1:${metricsPort}/metrics`;
  const fetching = `process.stdout.write(await (await fetch(${JSON.stringify(url)})).text())`;
  const exposition = await daemon.namespace.run(process.execPath, "--input-type=module", "-e", fetching);
  const all = (metric: string): number => {
    const lines = exposition.matchAll(new RegExp(String.raw`^sssonector_${metric}(?:\{.*\})? (\S+)$`, "gm"));
    return [...lines].reduce((sum, found) => sum + Number(found[1]), 0);
  };
  const { descriptors, rss_anon_kib, rss_kib, threads } = usage(pid);
  return {
    daemon: daemon.name,
    at_s: atMs / 1000,
    descriptors,
    heap_kib: all("process_heap_bytes") / 1024,
    rss_anon_kib,
    rss_kib,
    threads,
    resources: all("loop_resources"),
  };
}

export function lifeOf(name: string, all: readonly Sample[]): Life {
  const begun = all[0]?.at_s ?? 0;
  const length = (all.at(-1)?.at_s ?? 0) - begun;
  const samples = all.filter(({ at_s }) => at_s >= begun + length * warmUp);
  const figures = Object.fromEntries(
    measured.map((field) => {
      const points = samples.map((sample) => ({ at: sample.at_s, value: sample[field] }));
      return [field, growth(points, begun + length / 2)];
    }),
  ) as Life["figures"];
  return { name, samples: samples.length, figures };
}

interface Point {
  readonly at: number;
  readonly value: number;
}

function growth(points: readonly Point[], half: number): Growth {
  const { slope, error } = line(points);
  const late = line(points.filter(({ at }) => at >= half));
  const spans = Map.groupBy(points, ({ at }) => Math.floor(at / leastOf));
  const least = [...spans.values()].map((span) => span.reduce((a, b) => (b.value < a.value ? b : a)));
  return {
    first: round(points[0]?.value ?? 0),
    last: round(points.at(-1)?.value ?? 0),
    per_hour: round(slope * 3600),
    error_per_hour: round(error * 3600),
    late_per_hour: round(late.slope * 3600),
    late_error_per_hour: round(late.error * 3600),
    least_per_hour: round(line(least).slope * 3600),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, one) => sum + one, 0) / values.length;
}

/** Least squares: the slope a second, and its standard error. */
function line(points: readonly Point[]): { slope: number; error: number } {
  const [meanAt, meanValue] = [mean(points.map(({ at }) => at)), mean(points.map(({ value }) => value))];
  const spread = points.reduce((sum, { at }) => sum + (at - meanAt) ** 2, 0);
  const slope = points.reduce((sum, { at, value }) => sum + (at - meanAt) * (value - meanValue), 0) / spread;
  const rest = points.reduce((sum, { at, value }) => sum + (value - meanValue - slope * (at - meanAt)) ** 2, 0);
  return { slope, error: Math.sqrt(rest / (points.length - 2) / spread) };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
