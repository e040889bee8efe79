/**
 * What the console costs: `node bench/console.ts [--seconds 20] [--no-write]` runs `sssonector top` in tmux at 120x40
 * against a control channel of 1,000 connections that all move 4 times a second, and prints CPU per frame, share of a
 * core, bytes per frame, resident memory, the time to the first frame and that of `ctl status` (the quickest of five
 * each) beside the ceilings. Writes bench/results/console-DATE.json.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));
const connections = 1000;
const hz = 4;
const size = { columns: 120, rows: 40 };
const warmUp = 5_000;

/** Ceilings; the time to the first frame is from the start of the program. */
const ceilings = {
  cpu_ms_per_frame: 12,
  core_percent: 6,
  rss_mb: 150,
  first_frame_ms: 300,
  ctl_status_ms: 120,
} as const;

/** Starts of which the quickest counts: the machine's other work only ever adds. */
const starts = 5;

/** Clock ticks a second of /proc/PID/stat (USER_HZ), the same on every Linux that Node runs on. */
const ticks = 100;

function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticks;
}

function rssMb(pid: number): number {
  const line = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(line?.[1]) / 1024;
}

/** Milliseconds in which a program starts and ends, the least of several runs. */
function runMs(program: string, ...args: string[]): number {
  const times = Array.from({ length: starts }, () => {
    const from = performance.now();
    execFileSync(path.join(root, program), args);
    return performance.now() - from;
  });
  return Math.min(...times);
}

const tmuxName = `sssonector-bench-${process.pid}`;
function tmux(...args: string[]): string {
  return execFileSync("tmux", ["-L", tmuxName, "-f", "/dev/null", ...args], { encoding: "utf8" });
}

interface Started {
  readonly pid: number;
  /** From the start of the program to the first snapshot on the screen. */
  readonly ms: number;
  /** Processor time that it took. */
  readonly cpu: number;
}

/** Runs the console in a tmux that runs already. */
async function firstFrame(socket: string): Promise<Started> {
  const command = `exec ${path.join(root, "bin/sssonector")} top --socket ${socket}`;
  const from = performance.now();
  tmux("respawn-pane", "-k", command);
  while (!tmux("capture-pane", "-p").includes("LIVE")) await delay(2);
  const ms = performance.now() - from;
  const pid = Number(tmux("display", "-p", "#{pane_pid}").trim());
  return { pid, ms, cpu: cpuMs(pid) };
}

/** The last console that was started, with the least that one of them took to its first frame. */
async function started(socket: string): Promise<Started> {
  tmux("new-session", "-d", "-x", String(size.columns), "-y", String(size.rows), "cat");
  let best = await firstFrame(socket);
  for (let start = 1; start < starts; start += 1) {
    const next = await firstFrame(socket);
    best = { pid: next.pid, ms: Math.min(best.ms, next.ms), cpu: Math.min(best.cpu, next.cpu) };
  }
  return best;
}

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "20" }, "no-write": { type: "boolean", default: false } },
});
const seconds = Number(values.seconds);
const directory = mkdtempSync(path.join(tmpdir(), "sssonector-bench-"));
const socket = path.join(directory, "edge.sock");
const daemon = spawn(
  path.join(root, "bin/run-node"),
  [path.join(root, "test/fakes/console-daemon.ts"), socket, String(connections), String(hz)],
  { stdio: ["ignore", "pipe", "inherit"] },
);
try {
  await once(createInterface(daemon.stdout), "line");
  const load = loadavg()[0] ?? 0;
  const bare = runMs("bin/run-node", "-e", "0");
  const status = runMs("bin/sssonector", "ctl", "status", "--socket", socket);
  const { pid, ms, cpu: startCpu } = await started(socket);
  await delay(warmUp);
  const output = path.join(directory, "output");
  tmux("pipe-pane", `cat > ${output}`);
  const [cpu, from] = [cpuMs(pid), performance.now()];
  await delay(seconds * 1000);
  const [used, passed] = [cpuMs(pid) - cpu, performance.now() - from];
  const frames = (passed / 1000) * hz;
  const figures = {
    cpu_ms_per_frame: used / frames,
    core_percent: (used / passed) * 100,
    bytes_per_frame: statSync(output).size / frames,
    rss_mb: rssMb(pid),
    first_frame_ms: ms,
    first_frame_cpu_ms: startCpu,
    ctl_status_ms: status,
    bare_node_ms: bare,
  };
  const rounded = Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [name, Math.round(value * 10) / 10]),
  );
  const over = Object.entries(ceilings).filter(([name, most]) => (figures[name as keyof typeof ceilings] ?? 0) > most);
  console.log(rounded, `ceilings ${JSON.stringify(ceilings)}`, `load ${load.toFixed(2)}`);
  console.log(over.length === 0 ? "within every ceiling" : `over: ${over.map(([name]) => name).join(", ")}`);
  if (!values["no-write"]) {
    const date = new Date().toISOString().slice(0, 10);
    const machine = {
      cpu: cpus()[0]?.model ?? "unknown",
      cores: cpus().length,
      load_before: Math.round(load * 100) / 100,
    };
    const result = { date, node: process.version, machine, connections, hz, size, seconds, figures: rounded, ceilings };
    writeFileSync(path.join(root, `bench/results/console-${date}.json`), `${JSON.stringify(result, null, 2)}\n`);
  }
} finally {
  try {
    tmux("kill-server");
  } catch {
    // The console did not start.
  }
  daemon.kill("SIGTERM");
  rmSync(directory, { recursive: true, force: true });
}
