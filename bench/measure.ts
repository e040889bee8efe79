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

function measurementOf(output: string, name: string): Measurement | undefined {
  const line = output.split("\n").find((text) => text.startsWith("{"));
  if (line === undefined) return undefined;
  const measurement = JSON.parse(line) as Measurement;
  if (measurement.up_mbps === null) console.error(`  ${name}: no throughput was measured`);
  return measurement;
}

/** Brings a peer up and measures it; undefined, with the reason on stderr, when that fails. */
export async function measurePeer(
  name: string,
  { peersDirectory, seconds }: BenchArguments,
): Promise<Measurement | undefined> {
  try {
    const output = await runToEnd([path.join(peersDirectory, "peers.sh"), name], { env: { SECS: String(seconds) } });
    return measurementOf(output, name);
  } catch (error) {
    console.error(`  ${name}: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

/** Brings this tunnel, or that of the build in `build`, up between two namespaces of its own and measures it in the same way. */
export async function measureTunnel(
  name: string,
  { peersDirectory, seconds }: BenchArguments,
  build?: string,
): Promise<Measurement | undefined> {
  await using lab = await Lab.create("sssbench");
  const client = await lab.client("client");
  const wrapper = build === undefined ? [] : instead(path.resolve(build, "bin/sssonectord"));
  for (const daemon of [lab.server, client]) daemon.start(wrapper);
  // Another build need not understand this one's ctl.
  const wait = `until ping -q -c 1 -W 1 ${lab.inner}; do sleep 0.2; done`;
  await runToEnd(["timeout", "20", "ip", "netns", "exec", client.namespace.name, "sh", "-c", wait]);
  const namespaces = [client.namespace.name, lab.server.namespace.name];
  const pids = [lab.server, client].map((daemon) => String(daemon.process.pid));
  const argv = [path.join(peersDirectory, "measure.sh"), name, lab.inner, ...namespaces, ...pids];
  return measurementOf(await runToEnd(argv, { env: { SECS: String(seconds) } }), name);
}

/** A wrapper that turns into `program` with the arguments of the program that it wraps. */
function instead(program: string): string[] {
  return ["sh", "-c", 'shift; exec "$0" "$@"', program];
}
