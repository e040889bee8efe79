import type { Measurement } from "../../../bench/measure.ts";
import { table } from "../markdown.ts";
import { connectsOf, ratioOf, type Result, type Results } from "./results.ts";

/** A figure that was to be reached. */
interface Claim {
  readonly name: string;
  readonly measured: number | undefined;
  readonly unit: string;
  readonly bound: { readonly least: number } | { readonly most: number };
  readonly from: Result<unknown> | undefined;
}

const kib = 1024;

export function claimsTable(claims: readonly Claim[]): string[] {
  const rows = claims.map(({ name, measured, unit, bound, from }) => {
    const [word, value] = "least" in bound ? ["at least", bound.least] : ["at most", bound.most];
    const shown = measured === undefined ? "not measured yet" : `${amount(measured)}${unit}`;
    return [
      name,
      shown,
      `${word} ${amount(value)}${unit}`,
      verdict(measured, bound),
      from === undefined ? "" : `\`${from.file}\``,
    ];
  });
  return table(["Figure", "Measured", "Wanted", "", "Result"], rows);
}

function verdict(measured: number | undefined, bound: Claim["bound"]): string {
  if (measured === undefined) return "";
  return ("least" in bound ? measured >= bound.least : measured <= bound.most) ? "met" : "**not met**";
}

/** Two digits where they say something. */
export function amount(value: number): string {
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString("en-US") : String(Math.round(value * 100) / 100);
}

/** The same, or that there is none. */
export function shown(value: number | null): string {
  return value === null ? "-" : amount(value);
}

/** The figures that the architecture promised before anything was built. */
export function promises({ peers, latency, curves, sessions, profile, workers }: Results): Claim[] {
  const growth = sessions?.data.growth.at(-1);
  const at = (mbps: number): number | undefined =>
    latency?.data.figures.find((one) => one.mbps === mbps && one.figure === "p50_ms" && one.peer === "relay")?.own_ms ??
    undefined;
  const tls = profile?.data.profiles
    .filter(({ load }) => load === "one_stream")
    .map(({ percent }) => percent["TLS"] ?? 0);
  const up = peers?.data.rounds.flatMap((round) => round.find(({ name }) => name === "sssonector")?.up_mbps ?? []);
  return [
    ...(curves?.data.overhead ?? []).map(({ name, ratio }) => ({
      name: `overhead on the wire, ${name}`,
      measured: (ratio - 1) * 100,
      unit: " %",
      bound: { most: 10 },
      from: curves,
    })),
    {
      name: "impact of encryption (TLS' share of the busier data thread)",
      measured: tls && Math.max(...tls),
      unit: " %",
      bound: { most: 5 },
      from: profile,
    },
    {
      name: "private memory a connection",
      measured: growth?.rss_anon_kib_per_session ?? undefined,
      unit: " KiB",
      bound: { most: 256 },
      from: sessions,
    },
    {
      name: "base memory, idle server",
      measured: peers && peers.data.memory.idle_server_kib / kib,
      unit: " MiB",
      bound: { most: 50 },
      from: peers,
    },
    {
      name: "base memory, idle client",
      measured: peers && peers.data.memory.idle_client_kib / kib,
      unit: " MiB",
      bound: { most: 50 },
      from: peers,
    },
    {
      name: "connections of a server",
      measured: sessions?.data.holding.sessions,
      unit: "",
      bound: { least: 10_000 },
      from: sessions,
    },
    {
      name: "new connections a second, handshakes",
      measured: workers && connectsOf(workers.data.rounds, "one", "handshakes", "per_second"),
      unit: "",
      bound: { least: 1000 },
      from: workers,
    },
    {
      name: "new connections a second, whole sessions",
      measured: workers && connectsOf(workers.data.rounds, "one", "sessions", "per_second"),
      unit: "",
      bound: { least: 1000 },
      from: workers,
    },
    { name: "round trip at rest, median", measured: at(0), unit: " ms", bound: { most: 1 }, from: latency },
    { name: "round trip beside 400 Mbit/s, median", measured: at(400), unit: " ms", bound: { most: 1 }, from: latency },
    {
      name: "minimum machine, 1 GB: private memory of a server with its sessions",
      measured: sessions && sessions.data.holding.rss_anon_kib / kib,
      unit: " MiB",
      bound: { most: 1024 },
      from: sessions,
    },
    {
      name: "minimum machine, 2 cores: least throughput of one stream",
      measured: up && Math.min(...up),
      unit: " Mbit/s",
      bound: { least: 100 },
      from: peers,
    },
  ];
}

const servedByTwo = [
  ["ClientHellos answered", "answers"],
  ["handshakes", "handshakes"],
  ["sessions", "sessions"],
] as const;

/** The figures that this version was to reach. */
export function aims({ peers, latency, sessions, workers }: Results): Claim[] {
  const ratio = (peer: string, field: keyof Omit<Measurement, "name">): number | undefined =>
    peers && ratioOf(peers.data, peer, field);
  const stream = (peer: string, least: number): Claim[] =>
    (["up", "down"] as const).map((way) => ({
      name: `one TCP stream ${way} / ${peer}`,
      measured: ratio(peer, `${way}_mbps`),
      unit: " ×",
      bound: { least },
      from: peers,
    }));
  const held = sessions?.data;
  return [
    ...stream("relay", 0.65),
    ...stream("wireguard-go", 5),
    {
      name: "eight TCP streams / relay",
      measured: ratio("relay", "p8_mbps"),
      unit: " ×",
      bound: { least: 0.65 },
      from: peers,
    },
    {
      name: "200-byte UDP / wireguard-go",
      measured: ratio("wireguard-go", "udp_kpps"),
      unit: " ×",
      bound: { least: 4 },
      from: peers,
    },
    {
      name: "ping at rest, median / OpenVPN UDP",
      measured: ratio("openvpn-udp", "ping_p50_ms"),
      unit: " ×",
      bound: { most: 1 },
      from: peers,
    },
    {
      name: "processor time a GB / relay",
      measured: ratio("relay", "cpu_s_per_gb"),
      unit: " ×",
      bound: { most: 2 },
      from: peers,
    },
    ...(latency?.data.figures ?? [])
      .filter(({ peer }) => peer === "relay")
      .map(({ mbps, figure, ratio: measured }) => ({
        name: `round trip ${mbps === 0 ? "at rest" : `beside ${mbps} Mbit/s`}, ${figure.slice(0, 3)} / relay`,
        measured: measured ?? undefined,
        unit: " ×",
        bound: { most: 2 },
        from: latency,
      })),
    {
      name: "private memory an idle session",
      measured: held?.growth.at(-1)?.rss_anon_kib_per_session ?? undefined,
      unit: " KiB",
      bound: { most: 72 },
      from: sessions,
    },
    {
      name: "processor time of a server whose sessions are idle",
      measured: held?.idle.cpu_percent_of_a_core,
      unit: " % of a core",
      bound: { most: 20 },
      from: sessions,
    },
    {
      name: "server's processor time a handshake",
      measured: workers && connectsOf(workers.data.rounds, "one", "handshakes", "server_cpu_ms_each"),
      unit: " ms",
      bound: { most: 1.1 },
      from: workers,
    },
    ...servedByTwo.map(([name, kind]) => ({
      name: `${name}, two workers / one`,
      measured: workers?.data.two_to_one[kind],
      unit: " ×",
      bound: { least: 1.05 },
      from: workers,
    })),
    {
      name: "new sessions beside a storm / without it",
      measured: held?.storm.goodput_ratio,
      unit: " ×",
      bound: { least: 0.4 },
      from: sessions,
    },
    {
      name: "round trip of live sessions beside a storm, p99",
      measured: held?.storm.echo.p99_ms ?? undefined,
      unit: " ms",
      bound: { most: 10 },
      from: sessions,
    },
  ];
}
