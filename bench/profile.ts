/**
 * Where the processor time of the data threads goes: `npm run bench:profile -- [--seconds 5] [--only one_stream,eight_streams,
 * small_udp,idle_ping,sessions,storm] [--tool perf|cpu-prof] [--no-write]`. Samples both ends' data threads with perf (Debian: linux-perf) and sorts the
 * samples by kernel, copies, TLS, collector, JavaScript and the rest of the runtime. Without perf it takes V8's own profiler
 * (--cpu-prof), which knows JavaScript and the collector and lumps everything else together. Writes
 * bench/results/DATE-profile.json.
 */
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { DaemonProcess } from "../src/cli/demo/daemon-process.ts";
import { Lab } from "../src/cli/demo/lab.ts";
import { missingRequirement } from "../src/cli/demo/requirements.ts";
import { runToEnd } from "../src/cli/demo/running.ts";
import { iperf } from "./iperf.ts";
import { LoadProcess } from "./load/load-process.ts";
import { memoryByUse } from "./memory-map.ts";
import { ping } from "./ping.ts";
import { cpuProfileShares } from "./profile-cpuprof.ts";
import { perfShares } from "./profile-perf.ts";
import type { Shares, ThreadProfile } from "./profile-result.ts";
import { saveResult } from "./results.ts";

const loadSessions = 1000;
const identities = 8;
const stormPerSecond = 2000;
/** Until the load runs as it will. */
const settleMillis = 1500;

/** Puts the daemons of the lab under load for so many seconds. */
type Load = (lab: Lab, client: DaemonProcess, seconds: number) => Promise<unknown>;

const stream =
  (...options: string[]): Load =>
  async (lab, client, seconds) =>
    await iperf({ from: client.namespace, to: lab.server.namespace, address: lab.inner, seconds }, ...options);

async function sessions(lab: Lab): Promise<LoadProcess> {
  for (let index = 0; index < identities; index++) await lab.authority.issue("client", `load-${index}`);
  const { namespace, endpoint } = await lab.wire("load");
  const load = lab.use(new LoadProcess(namespace, [endpoint, lab.inner, lab.authority.directory, String(identities)]));
  await load.ask({ open: loadSessions, at_once: 16 });
  return load;
}

/** What has to be there first gives the load. */
const loads: Readonly<Record<string, (lab: Lab) => Promise<Load>>> = {
  one_stream: async () => await Promise.resolve(stream()),
  eight_streams: async () => await Promise.resolve(stream("-P", "8")),
  small_udp: async () => await Promise.resolve(stream("-u", "-b", "0", "-l", "200")),
  idle_ping: async () =>
    await Promise.resolve<Load>(async (lab, client, seconds) => await ping(client.namespace, lab.inner, seconds * 100)),
  sessions: async (lab) => {
    const load = await sessions(lab);
    return async (_lab, _client, seconds) => await load.ask({ echo: 0.01, seconds });
  },
  storm: async (lab) => {
    const load = await sessions(lab);
    const { namespace, endpoint } = await lab.wire("storm");
    const script = fileURLToPath(new URL("load/storm-process.ts", import.meta.url));
    return async (_lab, _client, seconds) => {
      const argv = [process.execPath, script, endpoint, String(stormPerSecond), String(seconds)];
      await using storm = namespace.start("storm", argv);
      await load.ask({ echo: 0.01, seconds });
      await storm.exited;
    };
  },
};

function dataThread({ process: { pid } }: DaemonProcess): number {
  const tasks = readdirSync(`/proc/${pid}/task`);
  const found = tasks.find((tid) => readFileSync(`/proc/${pid}/task/${tid}/comm`, "utf8").startsWith("data"));
  if (found === undefined) throw new Error(`process ${pid} has no data thread`);
  return Number(found);
}

/** Of the server before the load begins, with the sessions that it needs. */
const memory: Record<string, Record<string, number>> = {};

async function profile(name: string, seconds: number, perf: boolean): Promise<ThreadProfile[]> {
  await using lab = await Lab.create("sssprof");
  const client = await lab.client("client");
  const directory = path.join(lab.directory, "profiles");
  const option = perf ? "--perf-basic-prof" : `--cpu-prof --cpu-prof-dir=${directory}`;
  await mkdir(directory);
  for (const daemon of [lab.server, client]) {
    // V8 writes a log where the daemon is.
    daemon.start(["env", `--chdir=${directory}`, `NODE_OPTIONS=${option}`]);
    await daemon.ready();
  }
  const load = await loads[name]?.(lab);
  if (load === undefined) throw new Error(`no load ${name}`);
  memory[name] = memoryByUse(lab.server.process.pid);
  const working = load(lab, client, seconds + 3);
  await delay(settleMillis);
  const daemons = { server: lab.server, client };
  const ends = Object.entries(daemons).map(([end, daemon]) => ({
    end,
    pid: daemon.process.pid,
    tid: dataThread(daemon),
  }));
  if (perf) {
    const shares = await perfShares(ends, seconds, directory);
    await working;
    for (const { pid } of ends) await rm(`/tmp/perf-${pid}.map`, { force: true });
    return named(name, ends, shares);
  }
  await working;
  await Promise.all([client.end("SIGTERM"), lab.server.end("SIGTERM")]);
  return named(
    name,
    ends,
    ends.map(({ pid }) => cpuProfileShares(directory, pid)),
  );
}

function named(load: string, ends: readonly { end: string }[], shares: readonly Shares[]): ThreadProfile[] {
  return ends.flatMap(({ end }, index) => {
    const found = shares[index];
    if (found === undefined) return [];
    const { busy_percent, percent } = found;
    const parts = Object.entries(percent).map(([part, value]) => `${part} ${value}`);
    console.log(`${load.padEnd(14)} ${end.padEnd(7)} busy ${busy_percent} %: ${parts.join("  ")}`);
    return [{ load, end, ...found }];
  });
}

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "5" },
    tool: { type: "string" },
    only: { type: "string", default: Object.keys(loads).join(",") },
    "no-write": { type: "boolean", default: false },
  },
});
const problem = await missingRequirement();
if (problem !== undefined) throw new Error(`bench: ${problem}`);
const installed = await runToEnd(["perf", "version"]).then(
  () => true,
  () => false,
);
const perf = values.tool === "perf" || (values.tool === undefined && installed);
if (!installed)
  console.error("perf is not there: kernel and TLS are not told apart; install it with `apt-get install linux-perf`");
const profiles: ThreadProfile[] = [];
for (const name of values.only.split(",")) profiles.push(...(await profile(name, Number(values.seconds), perf)));
if (!values["no-write"])
  saveResult("profile", {
    tool: perf ? "perf" : "cpu-prof",
    seconds: Number(values.seconds),
    profiles,
    memory_kib: { idle: memory["idle_ping"], "1,000 sessions": memory["sessions"] },
  });
