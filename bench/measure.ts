import { existsSync } from "node:fs";
import path from "node:path";
import { Lab } from "../src/cli/demo/lab.ts";
import { runToEnd } from "../src/cli/demo/running.ts";
import type { BenchArguments } from "./arguments.ts";

/** One line of measure.sh; null where a measurement did not come about. */
export interface Measurement {
  name: string;
  up_mbps: number | null;
  down_mbps: number | null;
  /** Eight TCP streams. */
  p8_mbps: number | null;
  /** Datagrams of 200 bytes delivered. */
  udp_kpps: number | null;
  ping_avg_ms: number | null;
  ping_p50_ms: number | null;
  /** Processor time of both ends per gigabyte of the up run. */
  cpu_s_per_gb: number | null;
  rss_kb: number | null;
}

/** Measures what is up: a program that is called as measure.sh is, and prints one line of JSON. */
export interface Measure {
  /** Directory of peers.sh, and of the measuring program. */
  readonly directory: string;
  readonly env: Record<string, string>;
}

/** How the peers' own measure.sh measures. */
export function usualMeasure({ peersDirectory, seconds }: BenchArguments): Measure {
  return { directory: peersDirectory, env: { SECS: String(seconds) } };
}

/** Why the peers can't be measured, or undefined. */
export function missingPeers(directory: string): string | undefined {
  for (const script of ["peers.sh", "measure.sh"]) {
    const file = path.join(directory, script);
    if (!existsSync(file))
      return `${path.relative(process.cwd(), file)} is not there; it brings tunnels up and measures them. Name its directory: --peers-dir DIR`;
  }
  return undefined;
}

function lineOf(output: string): unknown {
  const line = output.split("\n").find((text) => text.startsWith("{"));
  return line === undefined ? undefined : JSON.parse(line);
}

/** Brings a peer up and measures it; undefined, with the reason on stderr, when that fails. */
export async function measurePeer<Line>(name: string, { directory, env }: Measure): Promise<Line | undefined> {
  try {
    return lineOf(await runToEnd([path.join(directory, "peers.sh"), name], { env })) as Line | undefined;
  } catch (error) {
    console.error(`  ${name}: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

/** Brings this tunnel, or that of the build in `build`, up between two namespaces of its own and measures it in the same way. */
export async function measureTunnel<Line>(
  name: string,
  { directory, env }: Measure,
  build?: string,
): Promise<Line | undefined> {
  await using lab = await Lab.create("sssbench");
  const client = await lab.client("client");
  const wrapper = build === undefined ? [] : instead(path.resolve(build, "bin/sssonectord"));
  for (const daemon of [lab.server, client]) daemon.start(wrapper);
  // Another build need not understand this one's ctl.
  const wait = `until ping -q -c 1 -W 1 ${lab.inner}; do sleep 0.2; done`;
  await runToEnd(["timeout", "20", "ip", "netns", "exec", client.namespace.name, "sh", "-c", wait]);
  const namespaces = [client.namespace.name, lab.server.namespace.name];
  const pids = [lab.server, client].map((daemon) => String(daemon.process.pid));
  const argv = [path.join(directory, "measure.sh"), name, lab.inner, ...namespaces, ...pids];
  return lineOf(await runToEnd(argv, { env })) as Line | undefined;
}

/** A wrapper that turns into `program` with the arguments of the program that it wraps. */
function instead(program: string): string[] {
  return ["sh", "-c", 'shift; exec "$0" "$@"', program];
}
