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
  /** Of each figure after the warm-up: where it stood at first and at last, and what the line through all grows in an hour. */
  figures: Record<Measured, { first: number; last: number; per_hour: number }>;
}

/** Part of a life that does not count: caches fill and code is compiled. */
const warmUp = 0.25;

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
      const values = samples.map((sample) => sample[field]);
      const slope = slopePerSecond(
        samples.map(({ at_s }) => at_s),
        values,
      );
      return [field, { first: round(values[0] ?? 0), last: round(values.at(-1) ?? 0), per_hour: round(slope * 3600) }];
    }),
  ) as Life["figures"];
  return { name, samples: samples.length, figures };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, one) => sum + one, 0) / values.length;
}

/** Least squares. */
function slopePerSecond(at: readonly number[], values: readonly number[]): number {
  const [meanAt, meanValue] = [mean(at), mean(values)];
  const above = at.reduce((sum, one, index) => sum + (one - meanAt) * ((values[index] ?? 0) - meanValue), 0);
  return above / at.reduce((sum, one) => sum + (one - meanAt) ** 2, 0);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
