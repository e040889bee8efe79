/**
 * Many sessions on one server:
 * `npm run bench:sessions -- [--sessions 10000] [--hold 600] [--storm 20] [--workers 1] [--no-write]`.
 * A generator of its own holds them over mutual TLS; one in a hundred sends an echo request a second, and those are held by
 * a process of their own, whose clock does not wait for the keepalives and the collector of the others. Prints memory and
 * processor time of the server, the round trip through it as sessions grow, the rate of new sessions and of handshakes, and
 * what is left of both beside a storm of connections that never authenticate, at five times the rate that the server can
 * take. Writes bench/results/DATE-sessions.json.
 */
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Lab } from "../src/cli/demo/lab.ts";
import type { Namespace } from "../src/cli/demo/namespace.ts";
import { missingRequirement } from "../src/cli/demo/requirements.ts";
import { LoadProcess } from "./load/load-process.ts";
import { saveResult } from "./results.ts";
import { routeNanoseconds } from "./route.ts";
import type { Attempts, Echoes, Growth, Holding, Opened, SessionsResult, Stormed } from "./sessions-result.ts";
import { type Usage, usage } from "./usage.ts";

/** Certificates that the sessions share in turn. */
const identities = 32;
/** Share of the sessions that send. */
const activeShare = 0.01;
/** Sessions that send while their number grows. */
const senders = 10;
const levels = [10, 100, 1000, 10_000, 30_000];
const settleMillis = 3000;
const idleSeconds = 20;
/**
 * Generators of new connections give way to the server and to the live sessions: otherwise what is measured is the
 * scheduler of a machine that carries both sides.
 */
const niceness = 10;

/** Descriptors that server and generator have besides the sessions. */
const spare = 200;

class Bench {
  readonly #lab: Lab;
  readonly #namespace: Namespace;
  readonly #endpoint: string;
  /** Holds the sessions that send; they are opened first. */
  readonly #active: LoadProcess;
  readonly #silent: LoadProcess;
  readonly #activeCount: number;

  constructor(lab: Lab, { namespace, endpoint }: { namespace: Namespace; endpoint: string }, wanted: number) {
    this.#lab = lab;
    this.#namespace = namespace;
    this.#endpoint = endpoint;
    this.#active = this.#generator(0);
    this.#silent = this.#generator(0);
    this.#activeCount = Math.max(senders, Math.round(wanted * activeShare));
  }

  async grow(wanted: number): Promise<Growth[]> {
    const growth: Growth[] = [];
    let last: Growth | undefined;
    for (const level of levels.filter((one) => one <= wanted)) {
      const held = last?.sessions ?? 0;
      const more = level - held;
      const before = this.#usage();
      const seconds = await this.#open(held, level);
      const cpu = this.#usage().cpu_s - before.cpu_s;
      await delay(settleMillis);
      // The same number of senders at every level, so that only the number of sessions differs.
      const echo = await this.#active.ask<Echoes>({ echo: senders / Math.min(level, this.#activeCount), seconds: 5 });
      const { rss_anon_kib } = this.#usage();
      const row: Growth = {
        sessions: level,
        rss_anon_kib,
        rss_anon_kib_per_session: last === undefined ? null : round((rss_anon_kib - last.rss_anon_kib) / more),
        new_sessions_per_second: Math.round(more / seconds),
        server_cpu_ms_per_new_session: round((cpu * 1000) / more),
        echo_p50_ms: echo.p50_ms,
        echo_p99_ms: echo.p99_ms,
        route_ns: round(routeNanoseconds(level)),
      };
      growth.push(row);
      show("growth", row);
      last = row;
    }
    return growth;
  }

  /** Opens sessions until there are so many; in seconds. */
  async #open(from: number, to: number): Promise<number> {
    const active = Math.min(to, this.#activeCount) - Math.min(from, this.#activeCount);
    const parts = [
      [this.#active, active],
      [this.#silent, to - from - active],
    ] as const;
    let seconds = 0;
    for (const [process, open] of parts) {
      if (open === 0) continue;
      seconds += open / (await process.ask<Opened>({ open, at_once: Math.min(32, open) })).per_second;
    }
    return seconds;
  }

  async idle(): Promise<Holding> {
    const before = this.#usage();
    await delay(idleSeconds * 1000);
    return show("idle", await this.#held(before, idleSeconds));
  }

  async hold(seconds: number): Promise<SessionsResult["holding"]> {
    const before = this.#usage();
    const begun = performance.now();
    const echo = await this.#active.ask<Echoes>({ echo: 1, seconds });
    const held = await this.#held(before, (performance.now() - begun) / 1000);
    const silent = await this.#silent.ask<Echoes>({ echo: 0, seconds: 0 });
    return show("hold", { seconds, ...held, links_lost: echo.lost + silent.lost, echo });
  }

  /** Handshakes alone: the server sees a valid certificate, then the end. */
  async handshakes(): Promise<SessionsResult["handshakes"]> {
    await using attempts = this.#generator(niceness);
    const before = this.#usage();
    const made = await attempts.ask<Attempts>({ handshakes: 5, at_once: 16 });
    const cpu = this.#usage().cpu_s - before.cpu_s;
    return show("handshakes", {
      ...made,
      server_cpu_ms_each: made.done === 0 ? null : round((cpu * 1000) / made.done),
    });
  }

  async storm(stranger: { namespace: Namespace; endpoint: string }, seconds: number): Promise<Stormed> {
    await using attempts = this.#generator(niceness);
    const peak = await attempts.ask<Attempts>({ attempts: 10, at_once: 32 });
    const script = fileURLToPath(new URL("load/storm-process.ts", import.meta.url));
    const strikes = Math.round(peak.per_second * 5);
    const argv = [process.execPath, script, stranger.endpoint, String(strikes), String(seconds)];
    await using striking = stranger.namespace.start("storm", ["nice", "-n", String(niceness), ...argv]);
    await delay(2000);
    const [beside, echo] = await Promise.all([
      attempts.ask<Attempts>({ attempts: seconds - 4, at_once: 32 }),
      this.#active.ask<Echoes>({ echo: 1, seconds: seconds - 4 }),
    ]);
    const { loop_delay_ms } = (await this.#lab.server.status()).resources;
    await striking.exited;
    return show("storm", {
      peak_sessions_per_second: round(peak.per_second),
      storm_per_second: strikes,
      sessions_per_second: round(beside.per_second),
      goodput_ratio: round(beside.per_second / peak.per_second),
      echo,
      loop_delay_ms,
      connections: JSON.parse(striking.stdout) as Record<string, number>,
    });
  }

  #generator(nice: number): LoadProcess {
    const args = [this.#endpoint, this.#lab.inner, this.#lab.authority.directory, String(identities)];
    return this.#lab.use(new LoadProcess(this.#namespace, args, nice));
  }

  #usage(): Usage {
    return usage(this.#lab.server.process.pid);
  }

  async #held(before: Usage, seconds: number): Promise<Holding> {
    const { cpu_s, rss_anon_kib, descriptors } = this.#usage();
    const { sessions, resources } = await this.#lab.server.status();
    const cpu = round(((cpu_s - before.cpu_s) / seconds) * 100);
    return { sessions, cpu_percent_of_a_core: cpu, rss_anon_kib, descriptors, loop_delay_ms: resources.loop_delay_ms };
  }
}

function show<T extends object>(name: string, result: T): T {
  console.log(name, JSON.stringify(result));
  return result;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Node raises its own limit of descriptors to the hard one, which it inherits. */
function descriptorsMissing(sessions: number): string | undefined {
  const { userLimits } = process.report.getReport() as unknown as {
    userLimits: { open_files: { hard: number | "unlimited" } };
  };
  const { hard } = userLimits.open_files;
  const needed = sessions + spare;
  if (hard === "unlimited" || hard >= needed) return undefined;
  return `needs ${needed} descriptors and may have ${hard}; raise the limit with \`ulimit -Hn ${needed}\``;
}

const { values } = parseArgs({
  options: {
    sessions: { type: "string", default: "10000" },
    hold: { type: "string", default: "600" },
    storm: { type: "string", default: "20" },
    workers: { type: "string", default: "1" },
    "no-write": { type: "boolean", default: false },
  },
});
const [wanted = 0, hold = 0, storm = 0, workers = 1] = [values.sessions, values.hold, values.storm, values.workers].map(
  Number,
);
const problem = (await missingRequirement()) ?? descriptorsMissing(wanted);
if (problem !== undefined) throw new Error(`bench: ${problem}`);
await using lab = await Lab.create("sssload", {
  core: { mode: "server", name: "edge-01", drain_timeout: "0s", max_connections: wanted + 2000, workers },
  // Whoever has shown a certificate lately gets ten times as much.
  limits: { handshakes_pending: 256, per_source: { pending: 32, rate: 100, burst: 200 } },
});
for (let index = 0; index < identities; index++) await lab.authority.issue("client", `load-${index}`);
const wire = await lab.wire("load");
const stranger = await lab.wire("storm");
lab.server.start();
await lab.server.ready();
const bench = new Bench(lab, wire, wanted);
const growth = await bench.grow(wanted);
const idle = await bench.idle();
const holding = await bench.hold(hold);
const handshakes = await bench.handshakes();
const result: SessionsResult = { growth, idle, holding, handshakes, storm: await bench.storm(stranger, storm) };
if (!values["no-write"]) saveResult("sessions", result);
