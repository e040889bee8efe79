import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Curves } from "../../../bench/curves-result.ts";
import { median } from "../../../bench/figures.ts";
import type { Measurement } from "../../../bench/measure.ts";
import type { MemoryResult } from "../../../bench/memory.ts";
import type { ThreadProfile } from "../../../bench/profile-result.ts";
import type { SessionsResult } from "../../../bench/sessions-result.ts";
import type { Life, Sample } from "../../../bench/soak-samples.ts";
import type { Connects, WorkersResult, WorkersRound } from "../../../bench/workers-result.ts";

/** What a bench wrote last, with where it wrote it. */
export interface Result<T> {
  readonly file: string;
  readonly data: T & { readonly date: string; readonly machine: Readonly<Record<string, string | number>> };
}

export interface PeersResult {
  readonly seconds: number;
  readonly rounds: readonly (readonly Measurement[])[];
  readonly memory: MemoryResult;
}

export interface LatencyResult {
  readonly seconds: number;
  readonly rounds: readonly unknown[];
  readonly figures: readonly {
    readonly peer: string;
    readonly mbps: number;
    readonly figure: "p50_ms" | "p99_ms";
    readonly own_ms: number | null;
    readonly ratio: number | null;
    readonly added_ms: number | null;
  }[];
}

export interface ProfileResult {
  readonly tool: string;
  readonly seconds: number;
  readonly profiles: readonly ThreadProfile[];
  /** Private memory of the server by what it is for. */
  readonly memory_kib: Readonly<Record<string, Readonly<Record<string, number>> | undefined>>;
}

export interface SoakResult {
  readonly minutes: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly lives: readonly Life[];
  readonly samples: readonly Sample[];
}

/** Every result that docs/performance.md tells; undefined where nothing was measured. */
export interface Results {
  readonly peers: Result<PeersResult> | undefined;
  readonly latency: Result<LatencyResult> | undefined;
  readonly curves: Result<Curves> | undefined;
  readonly sessions: Result<SessionsResult> | undefined;
  readonly workers: Result<WorkersResult> | undefined;
  readonly soak: Result<SoakResult> | undefined;
  readonly profile: Result<ProfileResult> | undefined;
}

const directory = join(import.meta.dirname, "../../../bench/results");

export function readResults(): Results {
  const names = readdirSync(directory).toSorted();
  const latest = <T>(suffix: string): Result<T> | undefined => {
    const name = names.findLast((one) => one.replace(/^\d{4}-\d\d-\d\d/, "") === `${suffix}.json`);
    if (name === undefined) return undefined;
    const data = JSON.parse(readFileSync(join(directory, name), "utf8")) as Result<T>["data"];
    return { file: `bench/results/${name}`, data };
  };
  return {
    peers: latest(""),
    latency: latest("-latency"),
    curves: latest("-curves"),
    sessions: latest("-sessions"),
    workers: latest("-workers"),
    soak: latest("-soak"),
    profile: latest("-profile"),
  };
}

/** Median over the rounds of this tunnel's figure divided by the peer's in the same round. */
export function ratioOf(
  { rounds }: PeersResult,
  peer: string,
  field: keyof Omit<Measurement, "name">,
): number | undefined {
  const ratios = rounds.flatMap((round) => {
    const [own, other] = ["sssonector", peer].map((name) => round.find((one) => one.name === name)?.[field]);
    return typeof own === "number" && typeof other === "number" && other > 0 ? [own / other] : [];
  });
  return median(ratios) ?? undefined;
}

/** Median over the rounds. */
export function connectsOf(
  rounds: WorkersResult["rounds"],
  workers: "one" | "two",
  kind: keyof WorkersRound,
  field: keyof Connects,
): number {
  return median(rounds.map((round) => round[workers][kind][field])) ?? Number.NaN;
}
