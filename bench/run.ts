/**
 * Measures this tunnel and its peers in turn, round by round, on this machine:
 * `npm run bench -- [--seconds 4] [--rounds 3] [--peers a,b] [--peers-dir DIR] [--sessions 500]
 * [--before DIR] [--no-write]`. `--before` is a checkout with another build of this project, measured in turn with this one.
 * Single absolute values mean little; ratios within a round are what counts. Writes bench/results/DATE.json.
 */
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { missingRequirement } from "../src/cli/demo/requirements.ts";
import { runToEnd } from "../src/cli/demo/running.ts";
import { type BenchArguments, benchArguments } from "./arguments.ts";
import { beforeName, changes, figures, median, ownName, type Round, verdict } from "./figures.ts";
import { machine } from "./machine.ts";
import { type Measurement, measurePeer, measureTunnel, missingPeers, usualMeasure } from "./measure.ts";
import { measureMemory } from "./memory.ts";

const fields = ["up_mbps", "down_mbps", "p8_mbps", "udp_kpps", "ping_p50_ms", "cpu_s_per_gb", "rss_kb"] as const;

async function obstacle({ peersDirectory }: BenchArguments): Promise<string | undefined> {
  const missing = missingPeers(peersDirectory);
  if (missing !== undefined) return missing;
  for (const program of ["iperf3", "python3", "ping"]) {
    const found = await runToEnd(["sh", "-c", `command -v ${program}`]).catch(() => undefined);
    if (found === undefined) return `needs the program ${program}`;
  }
  return await missingRequirement();
}

/** The builds change places from round to round: who comes first, after a pause, fares otherwise than who comes second. */
function builds({ before }: BenchArguments, number: number): string[] {
  if (before === undefined) return [ownName];
  return number % 2 === 1 ? [ownName, beforeName] : [beforeName, ownName];
}

async function measureRound(options: BenchArguments, number: number): Promise<Round> {
  const round: Round = {};
  const measure = usualMeasure(options);
  for (const name of [...builds(options, number), ...options.peers]) {
    const measurement =
      name === ownName || name === beforeName
        ? await measureTunnel<Measurement>(name, measure, name === ownName ? undefined : options.before)
        : await measurePeer<Measurement>(name, measure);
    if (measurement === undefined) continue;
    if (measurement.up_mbps === null) console.error(`  ${name}: no throughput was measured`);
    round[name] = measurement;
    console.log(`  ${name.padEnd(14)} ${fields.map((field) => `${field} ${measurement[field] ?? "-"}`).join("  ")}`);
  }
  return round;
}

function printMedians(rounds: readonly Round[]): void {
  console.log(`\nMedians of ${rounds.length} rounds`);
  for (const name of Object.keys(rounds[0] ?? {})) {
    const values = fields.map((field) => {
      const measured = rounds.map((round) => round[name]?.[field]).filter((value) => typeof value === "number");
      return `${field} ${median(measured) ?? "-"}`;
    });
    console.log(`  ${name.padEnd(14)} ${values.join("  ")}`);
  }
}

async function save(result: object): Promise<void> {
  const directory = fileURLToPath(new URL("results/", import.meta.url));
  const file = path.join(directory, `${new Date().toISOString().slice(0, 10)}.json`);
  await mkdir(directory, { recursive: true });
  await writeFile(file, `${JSON.stringify(result, null, 2)}\n`);
  console.log(`\nwrote ${path.relative(process.cwd(), file)}`);
}

async function bench(options: BenchArguments): Promise<void> {
  const { seconds, sessions } = options;
  const rounds: Round[] = [];
  for (let round = 1; round <= options.rounds; round += 1) {
    console.log(`Round ${round} of ${options.rounds}, ${seconds} s a run`);
    rounds.push(await measureRound(options, round));
  }
  printMedians(rounds);
  const memory = await measureMemory(sessions);
  const compared =
    options.before === undefined ? figures(rounds, memory) : [...changes(rounds), ...figures(rounds, memory)];
  const reached = compared.map((figure) => ({ ...figure, verdict: verdict(figure) }));
  console.log("\nFigures to reach (medians of the ratios within a round)");
  for (const { name, value, atLeast, aim, more, unit, verdict: said } of reached) {
    const bounds = more ? `at least ${atLeast}, aim ${aim}` : `at most ${atLeast}, aim ${aim}`;
    console.log(
      `  ${name.padEnd(34)} ${(value?.toFixed(2) ?? "-").padStart(8)} ${unit.padEnd(4)} ${bounds.padEnd(26)} ${said}`,
    );
  }
  const raw: Measurement[][] = rounds.map((round) => Object.values(round));
  if (options.write)
    await save({ date: new Date().toISOString(), machine: machine(), seconds, rounds: raw, memory, figures: reached });
}

const options = benchArguments(process.argv.slice(2));
const problem = await obstacle(options);
if (problem === undefined) await bench(options);
else {
  console.error(`bench: ${problem}`);
  process.exitCode = 1;
}
