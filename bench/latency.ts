/**
 * Round trips through this tunnel and through a plaintext relay, at the same absolute load of one TCP stream, in turn:
 * `npm run bench:latency -- [--seconds 4] [--rounds 5] [--loads 0,400,800,2000] [--peers relay] [--peers-dir DIR] [--no-write]`.
 * `--seconds` is for each load. Writes bench/results/DATE-latency.json.
 */
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { benchOptions, positive } from "./arguments.ts";
import { median, ownName } from "./figures.ts";
import { type Measure, measurePeer, measureTunnel, missingPeers } from "./measure.ts";
import { saveResult } from "./results.ts";

interface Line {
  readonly name: string;
  readonly loads: readonly { readonly mbps: number; readonly p50_ms: number; readonly p99_ms: number }[];
}

type Round = Readonly<Record<string, Line>>;

/** The peers' scripts with our own measuring program in the place of theirs. */
async function measuring(peersDirectory: string, env: Measure["env"]): Promise<Measure & AsyncDisposable> {
  const directory = await mkdtemp(path.join(tmpdir(), "sssbench-latency-"));
  for (const file of ["peers.sh", "relay.c"])
    await symlink(path.join(peersDirectory, file), path.join(directory, file));
  await symlink(fileURLToPath(new URL("latency.sh", import.meta.url)), path.join(directory, "measure.sh"));
  return { directory, env, [Symbol.asyncDispose]: async () => await rm(directory, { recursive: true }) };
}

async function measureRound(peers: readonly string[], measure: Measure): Promise<Round> {
  const round: Record<string, Line> = {};
  for (const name of [ownName, ...peers]) {
    const own = name === ownName;
    const line = own ? await measureTunnel<Line>(name, measure) : await measurePeer<Line>(name, measure);
    if (line === undefined) continue;
    round[name] = line;
    const shown = line.loads.map(({ mbps, p50_ms, p99_ms }) => `${mbps} Mbit/s: ${p50_ms}, ${p99_ms} ms`);
    console.log(`  ${name.padEnd(14)} ${shown.join("   ")}`);
  }
  return round;
}

/** Medians over the rounds for one load of one peer: ours, the ratio within a round, and what is added. */
function compared(rounds: readonly Round[], peer: string, mbps: number, field: "p50_ms" | "p99_ms"): object {
  const at = (round: Round, name: string): number | undefined =>
    round[name]?.loads.find((load) => load.mbps === mbps)?.[field];
  const pairs = rounds.flatMap((round) => {
    const [own, other] = [at(round, ownName), at(round, peer)];
    return own === undefined || other === undefined ? [] : [{ own, other }];
  });
  return {
    peer,
    mbps,
    figure: field,
    own_ms: median(pairs.map(({ own }) => own)),
    ratio: median(pairs.map(({ own, other }) => own / other)),
    added_ms: median(pairs.map(({ own, other }) => own - other)),
  };
}

const { values } = parseArgs({
  options: {
    ...benchOptions,
    rounds: { type: "string", default: "5" },
    peers: { type: "string", default: "relay" },
    loads: { type: "string", default: "0,400,800,2000" },
  },
});
const seconds = positive("seconds", values.seconds);
const loads = values.loads.split(",").map((load) => positive("loads", load));
const peers = values.peers.split(",").filter((name) => name !== "");
const problem = missingPeers(values["peers-dir"]);
if (problem !== undefined) {
  console.error(`bench: ${problem}`);
  process.exit(1);
}
await using measure = await measuring(values["peers-dir"], { SECS: String(seconds), LOADS: loads.join(" ") });
const rounds: Round[] = [];
for (let round = 1; round <= positive("rounds", values.rounds); round += 1) {
  console.log(`Round ${round}: median and 99th percentile of ${seconds * 100} pings`);
  rounds.push(await measureRound(peers, measure));
}
const figures = peers.flatMap((peer) =>
  loads.flatMap((mbps) => (["p50_ms", "p99_ms"] as const).map((field) => compared(rounds, peer, mbps, field))),
);
console.table(figures);
if (!values["no-write"]) saveResult("latency", { seconds, rounds, figures });
