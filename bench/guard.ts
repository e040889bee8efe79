/**
 * Did the tunnel become slower? `npm run bench:guard -- [--seconds 1] [--write]`: throughput of the tunnel against that of the
 * plaintext relay in the same round, three rounds at most. It fails when in each of them a figure is below 0.8 of its
 * floor in guard-floors.json; a figure that one round showed is not measured again.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { Lab } from "../src/cli/demo/lab.ts";
import { missingRequirement } from "../src/cli/demo/requirements.ts";
import { relayInner, startRelay } from "./baseline.ts";
import { goodput } from "./iperf.ts";
import { saveResult } from "./results.ts";

interface Floor {
  name: string;
  /** Options of iperf3. */
  options: string[];
  /** Throughput against the relay's that the tunnel had when the floor was set. */
  floor: number;
}

interface Floors {
  /** Why they are what they are. */
  reason: string;
  floors: Floor[];
}

interface Sample {
  name: string;
  round: number;
  tunnel_mbps: number;
  relay_mbps: number;
  ratio: number;
  least: number;
}

/** Part of the floor that has to be reached: what is between is the machine's noise. */
const allowance = 0.8;
const rounds = 3;

async function guard(seconds: number): Promise<{ samples: Sample[]; below: string[] }> {
  const { floors } = JSON.parse(readFileSync(path.join(import.meta.dirname, "guard-floors.json"), "utf8")) as Floors;
  await using lab = await Lab.create("sssguard");
  const client = await lab.client("client");
  await lab.start(client);
  await startRelay(lab, client);
  const ends = { from: client.namespace, to: lab.server.namespace, seconds };
  const samples: Sample[] = [];
  let open = floors;
  for (let round = 1; round <= rounds && open.length > 0; round += 1) {
    for (const { name, options, floor } of open) {
      const relay = await goodput({ ...ends, address: relayInner }, ...options);
      const tunnel = await goodput({ ...ends, address: lab.inner }, ...options);
      const sample = {
        name,
        round,
        tunnel_mbps: tunnel,
        relay_mbps: relay,
        ratio: tunnel / relay,
        least: floor * allowance,
      };
      samples.push(sample);
      print(sample);
    }
    open = open.filter(({ name }) => !samples.some((one) => one.name === name && one.ratio >= one.least));
  }
  return { samples, below: open.map(({ name }) => name) };
}

function print({ name, round, tunnel_mbps, relay_mbps, ratio, least }: Sample): void {
  const verdict = ratio >= least ? "" : "  below";
  console.log(
    `round ${round}  ${name.padEnd(18)} ${tunnel_mbps.toFixed(0).padStart(6)} of ${relay_mbps.toFixed(0).padStart(6)} Mbit/s = ${ratio.toFixed(2)}, at least ${least.toFixed(2)}${verdict}`,
  );
}

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "1" }, write: { type: "boolean", default: false } },
});
const problem = await missingRequirement();
if (problem !== undefined) throw new Error(`bench: ${problem}`);
const result = await guard(Number(values.seconds));
if (values.write) saveResult("guard", result);
if (result.below.length > 0) {
  console.error(`in ${rounds} of ${rounds} rounds below 0.8 of the floor: ${result.below.join(", ")}`);
  process.exitCode = 1;
}
