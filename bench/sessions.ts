/**
 * Many sessions on one server: `npm run bench:sessions -- [--sessions 10000] [--hold 600] [--storm 20] [--no-write]`.
 * A generator of its own holds them over mutual TLS, one in a hundred sends an echo request a second. Prints memory and
 * processor time of the server, the round trip through it as sessions grow, the rate of new sessions, and both beside a
 * storm of connections that never authenticate. Writes bench/results/DATE-sessions.json.
 */
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { DaemonProcess } from "../src/cli/demo/daemon-process.ts";
import { Lab } from "../src/cli/demo/lab.ts";
import { LoadProcess } from "./load/load-process.ts";
import { machine } from "./machine.ts";

interface Opened {
  sessions: number;
  per_second: number;
}

interface Echoes {
  sent: number;
  answered: number;
  p50_ms: number | null;
  p99_ms: number | null;
  max_ms: number | null;
  lost: number;
}

interface Attempts {
  done: number;
  failed: number;
  per_second: number;
}

interface Usage {
  rss_anon_kib: number;
  /** Seconds of processor time since the start. */
  cpu_s: number;
}

const ticksPerSecond = 100;
/** Certificates that the sessions share in turn. */
const identities = 32;
/** Share of the sessions that send. */
const activeShare = 0.01;

async function usage({ process }: DaemonProcess): Promise<Usage> {
  const status = await readFile(`/proc/${process.pid}/status`, "utf8");
  const stat = await readFile(`/proc/${process.pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return {
    rss_anon_kib: Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]),
    cpu_s: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
  };
}

const options = {
  sessions: { type: "string", default: "10000" },
  hold: { type: "string", default: "600" },
  storm: { type: "string", default: "20" },
  "no-write": { type: "boolean", default: false },
} as const;

async function main(): Promise<void> {
  const { values } = parseArgs({ options });
  const [wanted, hold, storm] = [values.sessions, values.hold, values.storm].map(Number) as [number, number, number];
  await using lab = await Lab.create("sssload", {
    core: { mode: "server", name: "edge-01", drain_timeout: "0s", max_connections: wanted + 2000 },
    // Whoever has shown a certificate lately gets ten times as much.
    limits: { handshakes_pending: 256, per_source: { pending: 32, rate: 100, burst: 200 } },
  });
  for (let index = 0; index < identities; index++) await lab.authority.issue("client", `load-${index}`);
  const { namespace, endpoint } = await lab.wire("load");
  const stranger = await lab.wire("storm");
  lab.server.start();
  await lab.server.ready();
  const load = lab.use(new LoadProcess(namespace, [endpoint, lab.inner, lab.authority.directory, String(identities)]));

  const growth: object[] = [];
  let sessions = 0;
  for (const level of [10, 100, 1000, 3000, 10_000, 30_000].filter((one) => one <= wanted)) {
    const before = await usage(lab.server);
    const opened = await load.ask<Opened>({ open: level - sessions, at_once: Math.min(32, level - sessions) });
    const cpu = (await usage(lab.server)).cpu_s - before.cpu_s;
    await delay(3000);
    // The same number of senders at every level, so that only the number of sessions differs.
    const echo = await load.ask<Echoes>({ echo: Math.min(1, 10 / level), seconds: 10 });
    const { rss_anon_kib } = await usage(lab.server);
    const row = {
      sessions: opened.sessions,
      rss_anon_kib,
      new_sessions_per_second: Math.round(opened.per_second),
      server_cpu_ms_per_new_session: round((cpu * 1000) / (level - sessions)),
      echo_p50_ms: round(echo.p50_ms),
      echo_p99_ms: round(echo.p99_ms),
    };
    growth.push(row);
    console.log(JSON.stringify(row));
    sessions = level;
  }

  const before = await usage(lab.server);
  const held = await load.ask<Echoes>({ echo: activeShare, seconds: hold });
  const after = await usage(lab.server);
  const holding = {
    seconds: hold,
    sessions: (await lab.server.status()).sessions,
    links_lost: held.lost,
    cpu_percent_of_a_core: round(((after.cpu_s - before.cpu_s) / (hold + 0.5)) * 100),
    rss_anon_kib: after.rss_anon_kib,
    echo: held,
  };
  console.log(JSON.stringify(holding));

  const attempts = lab.use(
    new LoadProcess(namespace, [endpoint, lab.inner, lab.authority.directory, String(identities)]),
  );
  const peak = await attempts.ask<Attempts>({ attempts: 10, at_once: 32 });
  const script = fileURLToPath(new URL("load/storm-process.ts", import.meta.url));
  const strikes = String(Math.round(peak.per_second * 5));
  const striking = lab.use(
    stranger.namespace.start("storm", [process.execPath, script, stranger.endpoint, strikes, String(storm)]),
  );
  await delay(2000);
  const [beside, echo] = await Promise.all([
    attempts.ask<Attempts>({ attempts: storm - 4, at_once: 32 }),
    load.ask<Echoes>({ echo: activeShare, seconds: storm - 4 }),
  ]);
  await striking.exited;
  const stormed = {
    peak_sessions_per_second: round(peak.per_second),
    storm_per_second: Number(strikes),
    sessions_per_second: round(beside.per_second),
    goodput_ratio: round(beside.per_second / peak.per_second),
    echo,
    storm: JSON.parse(striking.stdout) as object,
  };
  console.log(JSON.stringify(stormed));
  if (values["no-write"]) return;
  const date = new Date().toISOString().slice(0, 10);
  const file = path.join(import.meta.dirname, "results", `${date}-sessions.json`);
  await writeFile(file, `${JSON.stringify({ machine: machine(), growth, holding, storm: stormed }, null, 2)}\n`);
}

function round(value: number | null): number | null {
  return value === null ? null : Math.round(value * 100) / 100;
}

await main();
