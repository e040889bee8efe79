import type { Point } from "../../../bench/curves-result.ts";
import { median } from "../../../bench/figures.ts";
import type { Page } from "../pages.ts";
import { table } from "../markdown.ts";
import { aims, amount, claimsTable, promises, shown } from "./claims.ts";
import { curvePlot } from "./plot.ts";
import { sessionsText } from "./sessions.ts";
import { profileText } from "./profile.ts";
import type { Sample } from "../../../bench/soak-samples.ts";
import { workersText } from "./workers.ts";
import { readResults, type Result, type Results } from "./results.ts";

const head = `# Performance

Measured with the benches of [bench/](../bench/README.md), as root, both ends, the load and the peers on one machine, in network
namespaces. Absolute values move with the machine; ratios within a round are what counts. This page follows from the files
in bench/results: after a new measurement, \`npm run docs\`.`;

const soakText = `\`npm run bench:soak\` lets TCP streams, small datagrams, a published service and sessions that come and go run beside each
other, kills a client with -9 every 15 s and the server after a sixth of the time, and reloads both ends' settings. Slopes are of the line through
all samples after the first quarter of a life, and after its first half, with their standard errors; "of the least" is the line through the least sample of each two
minutes, which leaves out what a stream or a handshake holds for a moment. \`resources\` are timers, sockets and other things that the
two event loops wait for.`;

/** docs/performance.md and its plots. */
export function performancePages(): Page[] {
  const results = readResults();
  const plots = (results.curves?.data.curves ?? []).map((curve) => ({
    path: `docs/performance/${curve.name}.svg`,
    text: () => curvePlot(curve),
  }));
  return [{ path: "docs/performance.md", text: () => page(results) }, ...plots];
}

function page(results: Results): string {
  return [
    head,
    "",
    "## What was promised",
    "",
    ...claimsTable(promises(results)),
    "",
    "## What this version was to reach",
    "",
    ...claimsTable(aims(results)),
    "",
    ...section("Beside other tunnels", "bench", results.peers, ({ rounds, seconds }) => [
      `Medians of ${rounds.length} rounds in turn, ${seconds} s a run. "relay" is a plaintext relay in C.`,
      "",
      ...peersTable(rounds),
    ]),
    ...section("Round trips beside the same load", "bench:latency", results.latency, ({ figures, rounds }) => [
      `Medians of ${rounds.length} rounds in turn.`,
      "",
      ...table(
        ["Beside", "Figure", "Tunnel", "× relay", "Added to it"],
        figures
          .filter(({ peer }) => peer === "relay")
          .map(({ mbps, figure, own_ms, ratio, added_ms }) => [
            `${mbps} Mbit/s`,
            figure.slice(0, 3),
            `${shown(own_ms)} ms`,
            shown(ratio),
            `${shown(added_ms)} ms`,
          ]),
      ),
    ]),
    ...section("What it costs as things grow", "bench:curves", results.curves, ({ curves, seconds }) => [
      `One TCP stream (of \`flows\`: as many as it says) from client to server for ${seconds} s, then pings; the relay is a plaintext one of`,
      "our own, in TypeScript on the same TUN code. Round trips beside several flows are measured while these have 100 Mbit/s",
      "together, all others at rest.",
      ...curves.flatMap(({ name, axis, points }) => [
        "",
        `### By ${axis}`,
        "",
        `![${axis}](performance/${name}.svg)`,
        "",
        ...curveTable(axis, points),
      ]),
    ]),
    ...section("Ten thousand sessions", "bench:sessions", results.sessions, (data) => sessionsText(data)),
    ...section("A second data thread", "bench:workers", results.workers, (data) => workersText(data)),
    ...section("Half an hour of everything", "bench:soak", results.soak, ({ minutes, counts, lives, samples }) => [
      soakText,
      "",
      `${minutes} minutes: ${Object.entries(counts)
        .map(([name, count]) => `${count} ${name.replaceAll("_", " ")}`)
        .join(", ")}.`,
      "",
      ...table(
        ["Life", "Figure", "first", "last", "slope an hour", "±", "second half", "±", "slope of the least"],
        lives.flatMap(({ name, figures }) =>
          Object.entries(figures).map(([figure, { first, last, per_hour, error_per_hour, ...more }]) => [
            name,
            figure.replaceAll("_", " "),
            amount(first),
            amount(last),
            amount(per_hour),
            amount(error_per_hour),
            amount(more.late_per_hour),
            amount(more.late_error_per_hour),
            amount(more.least_per_hour),
          ]),
        ),
      ),
      "",
      ...memoryOverTime(samples),
    ]),
    ...section("Where time and memory go", "bench:profile", results.profile, profileText),
  ].join("\n");
}

const parts = 10;

/** A line through samples can't tell a step to where memory stays from growth without an end. */
function memoryOverTime(samples: readonly Sample[]): string[] {
  const length = Math.max(...samples.map(({ at_s }) => at_s));
  const daemons = [...new Set(samples.map(({ daemon }) => daemon))];
  const rows = daemons.map((daemon) => {
    const most = Math.max(...samples.filter((one) => one.daemon === daemon).map(({ rss_anon_kib }) => rss_anon_kib));
    const medians = Array.from({ length: parts }, (_, part) => {
      const mine = samples.filter(
        (one) => one.daemon === daemon && Math.min(parts - 1, Math.floor((one.at_s / length) * parts)) === part,
      );
      return shown(median(mine.map(({ rss_anon_kib }) => Math.round(rss_anon_kib / 1024))));
    });
    return [daemon, ...medians, amount(most / 1024)];
  });
  return [
    "Private memory in MiB, the median of each tenth of the time and the most at any. It rises in steps as a thread's young generation does, which V8",
    "may let grow to 12 MiB on a data thread; the server is a new one from the middle on.",
    "",
    ...table(["", ...Array.from({ length: parts }, (_, part) => `${part * parts} %`), "most"], rows),
  ];
}

function section<T>(
  title: string,
  script: string,
  result: Result<T> | undefined,
  text: (data: T) => string[],
): string[] {
  const command = `\`npm run ${script}\``;
  if (result === undefined) return [`## ${title}`, "", `Not measured yet: ${command}.`, ""];
  const { date, machine } = result.data;
  const where = `${machine["cores"]} cores (${machine["cpu"]}), Linux ${machine["kernel"]}, Node ${machine["node"]}`;
  return [
    `## ${title}`,
    "",
    `${command}, ${date.slice(0, 10)}, ${where}: \`${result.file}\`.`,
    "",
    ...text(result.data),
    "",
  ];
}

function peersTable(rounds: NonNullable<Results["peers"]>["data"]["rounds"]): string[] {
  const fields = ["up_mbps", "down_mbps", "p8_mbps", "udp_kpps", "ping_p50_ms", "cpu_s_per_gb", "rss_kb"] as const;
  const names = [...new Set(rounds.flatMap((round) => round.map(({ name }) => name)))];
  const rows = names.map((name) => {
    const values = fields.map((field) => {
      const all = rounds.flatMap((round) => round.find((one) => one.name === name)?.[field] ?? []);
      return shown(median(all));
    });
    return [name, ...values];
  });
  return table(
    ["", "up Mbit/s", "down", "8 streams", "UDP 200 B kpps", "ping p50 ms", "CPU s/GB", "RSS KiB, both ends"],
    rows,
  );
}

function curveTable(axis: string, points: readonly Point[]): string[] {
  return table(
    [axis, "relay Mbit/s", "tunnel Mbit/s", "×", "relay p50, p99 ms", "tunnel p50, p99 ms", "added p50 ms"],
    points.map(({ at, relay_mbps, tunnel_mbps, relay, tunnel }) => [
      String(at),
      amount(relay_mbps),
      amount(tunnel_mbps),
      amount(tunnel_mbps / relay_mbps),
      `${shown(relay.p50_ms)}, ${shown(relay.p99_ms)}`,
      `${shown(tunnel.p50_ms)}, ${shown(tunnel.p99_ms)}`,
      tunnel.p50_ms === null || relay.p50_ms === null ? "-" : amount(tunnel.p50_ms - relay.p50_ms),
    ]),
  );
}
