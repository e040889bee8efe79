/**
 * What rate limits and queues do, through the real daemons: `npm run bench:limits -- [--seconds 10] [--only NAME,…] [--no-write]`.
 * Accuracy of rates, fairness between flows and between identities, and how long a ping takes beside a transfer, with
 * OpenVPN in the same place. Prints one line a figure and writes bench/results/DATE-limits.json.
 */
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { ConfigBlocks, DaemonProcess } from "../src/cli/demo/daemon-process.ts";
import { Lab } from "../src/cli/demo/lab.ts";
import type { Namespace } from "../src/cli/demo/namespace.ts";
import { TokenBucket } from "../src/daemon/limit/token-bucket.ts";
import { type IperfInterval, iperfClient } from "./iperf.ts";
import { startOpenVpn } from "./openvpn.ts";
import { saveResult } from "./results.ts";

interface Figure {
  name: string;
  value: number;
  unit: string;
  /** What it should be; null: for comparison only. */
  wanted: string | null;
  reached: boolean | null;
}

const prefix = "ssslimits";
/** IP and UDP, IP and TCP with timestamps. */
const udpHeaders = 28;
const tcpHeaders = 52;
const tcpSegment = 1448;
/** Seconds until bursts are over and flows have found their rate. */
const settling = 2;
const figures: Figure[] = [];

function note(name: string, value: number, unit: string, wanted: string | null, reached: boolean | null): void {
  figures.push({ name, value: Math.round(value * 1000) / 1000, unit, wanted, reached });
  const verdict = reached === null ? "" : reached ? "  reached" : "  NOT REACHED";
  console.log(
    `${name.padEnd(62)} ${value.toFixed(3).padStart(12)} ${unit}${wanted === null ? "" : `  (${wanted})`}${verdict}`,
  );
}

async function lab(server: ConfigBlocks, ...names: string[]): Promise<{ lab: Lab; clients: DaemonProcess[] }> {
  const made = await Lab.create(prefix, server);
  const clients: DaemonProcess[] = [];
  for (const name of names) clients.push(await made.client(name));
  await made.start(...clients);
  return { lab: made, clients };
}

async function listen(one: Lab, port: number): Promise<void> {
  one.use(one.server.namespace.start("iperf3", ["iperf3", "-s", "-p", String(port), "--forceflush"]));
  await delay(300);
}

/** From the server to the client; intervals of the seconds that count, as the client received them. */
async function receive(
  to: Namespace,
  address: string,
  seconds: number,
  ...options: string[]
): Promise<IperfInterval[]> {
  const report = await iperfClient(to, address, seconds + settling, "-R", "-i", "1", ...options);
  return report.intervals.slice(settling, settling + seconds);
}

function total(intervals: readonly IperfInterval[]): { bytes: number; seconds: number } {
  const add = (of: "bytes" | "seconds"): number => intervals.reduce((all, { sum }) => all + sum[of], 0);
  return { bytes: add("bytes"), seconds: add("seconds") };
}

/** What is received of a flood of datagrams, or of four TCP flows, as inner IP bits a second, against the limit. */
async function accuracy(seconds: number): Promise<void> {
  for (const mbit of [1, 10, 100, 500]) {
    const { lab: one, clients } = await lab({ rate_limit: { base_rate: `${mbit}mbit` } }, "client");
    await using _ = one;
    await listen(one, 5201);
    const [client] = clients as [DaemonProcess];
    // A flood of 500 Mbit/s of datagrams takes more processor than this machine may have.
    const tcp = mbit >= 500;
    const options = tcp ? ["-P", "4"] : ["-u", "-l", "1400", "-b", `${mbit * 1.2}M`];
    const { bytes, seconds: measured } = total(await receive(client.namespace, one.inner, seconds, ...options));
    const scale = tcp ? (tcpSegment + tcpHeaders) / tcpSegment : (1400 + udpHeaders) / 1400;
    const ratio = (bytes * scale * 8) / measured / (mbit * 1e6);
    const name = `rate of ${mbit} Mbit/s, ${tcp ? "four TCP flows" : "datagrams"}, against the limit`;
    note(name, ratio, "", "0.99 to 1.01", Math.abs(ratio - 1) <= 0.01);
  }
  const { lab: one, clients } = await lab({ rate_limit: { base_rate: 10_000, burst_size: 1000 } }, "client");
  await using _ = one;
  await listen(one, 5201);
  const [client] = clients as [DaemonProcess];
  const { bytes, seconds: measured } = total(
    await receive(client.namespace, one.inner, seconds, "-u", "-l", "200", "-b", "19.2M"),
  );
  const ratio = bytes / 200 / measured / 10_000;
  note(
    "10,000 packets/s, datagrams of 200 bytes, against the limit",
    ratio,
    "",
    "0.99 to 1.01",
    Math.abs(ratio - 1) <= 0.01,
  );
}

/** Sum squared over n times the sum of squares: 1 when all get the same. */
function jain(shares: readonly number[]): number {
  const sum = shares.reduce((all, share) => all + share, 0);
  return sum ** 2 / (shares.length * shares.reduce((all, share) => all + share ** 2, 0));
}

async function fairness(seconds: number): Promise<void> {
  const { lab: one, clients } = await lab({ rate_limit: { base_rate: "100mbit" } }, "client");
  await using _ = one;
  await listen(one, 5201);
  const [client] = clients as [DaemonProcess];
  const intervals = await receive(client.namespace, one.inner, seconds, "-P", "32");
  const shares = Array.from({ length: 32 }, (_unused, flow) =>
    intervals.reduce((all, { streams }) => all + (streams[flow]?.bytes ?? 0), 0),
  );
  const index = jain(shares);
  note("Jain index of 32 TCP flows under 100 Mbit/s", index, "", "at least 0.95", index >= 0.95);
}

/** Round trips of a ping beside a transfer to the client. */
async function pingBeside(
  from: Namespace,
  address: string,
  seconds: number,
): Promise<{ average: number; worst95: number }> {
  const ping = from.start("ping", ["ping", "-i", "0.05", "-w", String(seconds + 1), address]);
  const transfer = receive(from, address, seconds, "-P", "4");
  await ping.exited;
  await transfer;
  const times = [...ping.stdout.matchAll(/icmp_seq=(\d+) .*time=([\d.]+)/g)]
    .filter((found) => Number(found[1]) > 40)
    .map((found) => Number(found[2]))
    .toSorted((a, b) => a - b);
  const average = times.reduce((all, time) => all + time, 0) / times.length;
  return { average, worst95: times[Math.floor(times.length * 0.95)] ?? Number.NaN };
}

async function latency(seconds: number): Promise<void> {
  const { lab: one, clients } = await lab({ rate_limit: { base_rate: "20mbit" } }, "client");
  await using _ = one;
  await listen(one, 5201);
  const [client] = clients as [DaemonProcess];
  const { average, worst95 } = await pingBeside(client.namespace, one.inner, seconds);
  note("ping beside four flows under a limit of 20 Mbit/s, mean", average, "ms", "below 25", average < 25);
  note("  95th percentile", worst95, "ms", null, null);
}

/** A wire of 20 Mbit/s with the queue that a router may have, in both directions. */
async function narrow(...namespaces: readonly Namespace[]): Promise<void> {
  for (const namespace of namespaces) {
    const links = JSON.parse(await namespace.ip("-json", "link")) as { ifname: string }[];
    const wire = links.find(({ ifname }) => ifname !== "lo" && !ifname.startsWith("tun"))?.ifname ?? "";
    const shape = ["rate", "20mbit", "burst", "10kb", "limit", "250kb"];
    await namespace.run("tc", "qdisc", "replace", "dev", wire, "root", "tbf", ...shape);
  }
}

async function outerLatency(seconds: number): Promise<void> {
  for (const name of ["sssonector", "OpenVPN UDP", "OpenVPN TCP"]) {
    const made = await Lab.create(prefix, {});
    await using one = made;
    const client = await one.client("client");
    await narrow(one.server.namespace, client.namespace);
    if (name === "sssonector") await one.start(client);
    const address =
      name === "sssonector" ? one.inner : await startOpenVpn(one, client, name === "OpenVPN UDP" ? "udp" : "tcp");
    await listen(one, 5201);
    const { average, worst95 } = await pingBeside(client.namespace, address, seconds);
    const own = name === "sssonector";
    note(
      `ping beside four flows over a wire of 20 Mbit/s, no limit, ${name}, mean`,
      average,
      "ms",
      own ? "below 25" : null,
      own ? average < 25 : null,
    );
    note("  95th percentile", worst95, "ms", null, null);
  }
}

/** What bob gets while ann is silent, and while she is at her limit and asks for more. */
async function isolation(seconds: number): Promise<void> {
  const identities = [
    { name: "ann", rate_limit: { base_rate: "20mbit" } },
    { name: "bob", rate_limit: { base_rate: "100mbit" } },
  ];
  const { lab: one, clients } = await lab({ access: { identities } }, "ann", "bob");
  await using _ = one;
  await listen(one, 5201);
  await listen(one, 5202);
  const [ann, bob] = clients as [DaemonProcess, DaemonProcess];
  const goodput = async (): Promise<number> => {
    const { bytes, seconds: measured } = total(await receive(bob.namespace, one.inner, seconds, "-P", "4"));
    return (bytes * 8) / measured / 1e6;
  };
  const alone = await goodput();
  const flood = receive(ann.namespace, one.inner, seconds + 4, "-p", "5202", "-u", "-l", "1400", "-b", "30M");
  const beside = await goodput();
  await flood;
  const change = Math.abs(beside / alone - 1) * 100;
  note("bob's goodput at 100 Mbit/s while ann is silent", alone, "Mbit/s", null, null);
  note("bob's goodput while ann floods her limit of 20 Mbit/s", beside, "Mbit/s", null, null);
  note("  change", change, "%", "at most 3", change <= 3);
}

function checks(): void {
  const bucket = new TokenBucket({ unit: "bytes", perSecond: 1e9, burst: 1e8 }, 0);
  const count = 5_000_000;
  const begun = performance.now();
  for (let n = 0; n < count; n++) {
    if (bucket.wait(n * 0.001) === 0) bucket.take(1000, 1);
  }
  const rate = count / (performance.now() - begun) / 1000;
  note("checks of a token bucket", rate, "million/s", "at least 1", rate >= 1);
}

const parts = { checks, latency, outer: outerLatency, accuracy, fairness, isolation } as const;

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "10" },
    only: { type: "string" },
    "no-write": { type: "boolean", default: false },
  },
});
const chosen = values.only?.split(",") ?? Object.keys(parts);
for (const [name, run] of Object.entries(parts)) {
  if (chosen.includes(name)) await run(Number(values.seconds));
}
if (!values["no-write"]) saveResult("limits", { seconds: Number(values.seconds), figures });
