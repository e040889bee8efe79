/**
 * Goodput of eight TCP flows over a lossy path, this tunnel with one and with four links against OpenVPN over TCP, in turn,
 * round by round: `npm run bench:loss -- [--seconds 20] [--rounds 3] [--loss 0.01] [--rtt 40] [--congestion reno,bbr]
 * [--no-write]`. The path is the link emulator of test/rig with the same seed for every contender of a round; frames are lost
 * in both directions. Writes bench/results/DATE-loss.json.
 */
import { existsSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { DaemonProcess } from "../src/cli/demo/daemon-process.ts";
import { Lab } from "../src/cli/demo/lab.ts";
import { missingRequirement } from "../src/cli/demo/requirements.ts";
import { EmulatedLink } from "../test/rig/emulated-link.ts";
import { goodput } from "./iperf.ts";
import { atLeast, type Goodput, type LossFigure, lossFigures, type LossRound, openVpn } from "./loss-figures.ts";
import { startOpenVpn } from "./openvpn.ts";
import { saveResult } from "./results.ts";

interface Path {
  seconds: number;
  /** Chance of each frame to be lost. */
  loss: number;
  /** Round trip in milliseconds. */
  rtt: number;
  /** Congestion control of every TCP connection, inner and outer. */
  congestion: string;
}

interface LossArguments extends Omit<Path, "congestion"> {
  rounds: number;
  congestions: string[];
  write: boolean;
}

interface LossResult {
  path: Path;
  rounds: LossRound[];
  figures: LossFigure[];
}

/** Brings a tunnel up between the lab's two ends; the result is the server's inner address. */
type Contender = (lab: Lab, client: DaemonProcess) => Promise<string>;

const fourLinks = "sssonector, 4 links";
/** So that nothing of the tunnel's start is left when the flows begin. */
const settleMillis = 2000;
/** Far above what is reached, so that the loss decides and not a queue. */
const wire = { rate_bits: 1e9, queue_bytes: 4 * 1024 ** 2 };

function ownTunnel(links: number): Contender {
  return async (lab, client) => {
    await client.reconfigure({ pool: { initial_size: links, max_size: links } });
    await lab.start(client);
    for (;;) {
      const active = (await client.connections()).filter(({ state }) => state === "active").length;
      if (active >= links) break;
      await delay(200);
    }
    return lab.inner;
  };
}

const contenders: ReadonlyMap<string, Contender> = new Map([
  ["sssonector, 1 link", ownTunnel(1)],
  [fourLinks, ownTunnel(4)],
  [openVpn, startOpenVpn],
]);

async function measure(contender: Contender, seed: number, { loss, rtt, congestion, seconds }: Path): Promise<Goodput> {
  await using lab = await Lab.create("sssbench");
  const client = await lab.client("client");
  const end = { namespace: client.namespace, interface: "outer" };
  const both = { loss, delay_ms: rtt / 2, ...wire };
  const link = lab.use(await EmulatedLink.replaceVeth(end, lab.server.namespace, { seed, both }));
  for (const { namespace } of [lab.server, client])
    await namespace.run("sysctl", "-qw", `net.ipv4.tcp_congestion_control=${congestion}`);
  const address = await contender(lab, client);
  await delay(settleMillis);
  const run = { from: client.namespace, to: lab.server.namespace, address, seconds };
  const up = await goodput(run, "-P", "8");
  const down = await goodput(run, "-P", "8", "-R");
  const { a_to_b, b_to_a } = await link.report();
  const missed = await link.missed();
  if (missed > 0) console.error(`  the emulator was too slow for ${missed} frames`);
  return { up_mbps: up, down_mbps: down, frames_lost: a_to_b.dropped.loss + b_to_a.dropped.loss };
}

async function measureRound(seed: number, path: Path): Promise<LossRound> {
  const round: LossRound = {};
  for (const [name, contender] of contenders) {
    const goodput = await measure(contender, seed, path);
    round[name] = goodput;
    console.log(`  ${name.padEnd(20)} up ${goodput.up_mbps} Mbit/s  down ${goodput.down_mbps} Mbit/s`);
  }
  return round;
}

function line({ name, up_mbps, down_mbps, up_ratio, down_ratio }: LossFigure): string {
  const numbers = [up_mbps, down_mbps, up_ratio, down_ratio].map((value) =>
    (value ?? Number.NaN).toFixed(2).padStart(7),
  );
  return `  ${name.padEnd(20)} up ${numbers[0]}  down ${numbers[1]} Mbit/s   × ${openVpn}: up ${numbers[2]}  down ${numbers[3]}`;
}

function parsed(args: string[]): LossArguments {
  const { values } = parseArgs({
    args,
    options: {
      seconds: { type: "string", default: "20" },
      rounds: { type: "string", default: "3" },
      loss: { type: "string", default: "0.01" },
      rtt: { type: "string", default: "40" },
      congestion: { type: "string", default: "reno,bbr" },
      "no-write": { type: "boolean", default: false },
    },
  });
  const { seconds, rounds, loss, rtt, congestion } = values;
  const numbers = { seconds: Number(seconds), rounds: Number(rounds), loss: Number(loss), rtt: Number(rtt) };
  return { ...numbers, congestions: congestion.split(","), write: !values["no-write"] };
}

async function benchPath(count: number, path: Path): Promise<LossResult> {
  const rounds: LossRound[] = [];
  for (let round = 1; round <= count; round += 1) {
    console.log(
      `Round ${round} of ${count}: 8 TCP flows (${path.congestion}), ${path.seconds} s each way, seed ${round}`,
    );
    rounds.push(await measureRound(round, path));
  }
  return { path, rounds, figures: lossFigures(rounds) };
}

function print({ path, rounds, figures }: LossResult): void {
  const lossy = `${path.loss * 100} % loss, ${path.rtt} ms round trip, ${path.congestion}`;
  console.log(`\n${lossy}: medians of ${rounds.length} rounds`);
  for (const figure of figures) console.log(line(figure));
  const four = figures.find(({ name }) => name === fourLinks);
  const reached = [four?.up_ratio, four?.down_ratio].every((ratio) => (ratio ?? 0) >= atLeast);
  console.log(`  ${fourLinks}, at least ${atLeast} × ${openVpn}: ${reached ? "reached" : "NOT REACHED"}\n`);
}

async function bench({ rounds, congestions, write, ...common }: LossArguments): Promise<void> {
  const results: LossResult[] = [];
  for (const congestion of congestions) results.push(await benchPath(rounds, { ...common, congestion }));
  for (const result of results) print(result);
  if (write) saveResult("loss", { results });
}

function programMissing(): string | undefined {
  const directories = (process.env["PATH"] ?? "").split(":").concat("/usr/sbin");
  const missing = ["iperf3", "openvpn"].find((name) => !directories.some((one) => existsSync(path.join(one, name))));
  return missing === undefined ? undefined : `needs the program ${missing}`;
}

const problem = programMissing() ?? (await missingRequirement());
if (problem === undefined) await bench(parsed(process.argv.slice(2)));
else {
  console.error(`bench: ${problem}`);
  process.exitCode = 1;
}
