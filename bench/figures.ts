import type { Measurement } from "./measure.ts";
import type { MemoryResult } from "./memory.ts";

/** Measurements of one round by name. */
export type Round = Record<string, Measurement>;

/** A figure to reach: a ratio within a round, or an absolute amount of memory. */
export interface Figure {
  name: string;
  /** Median over the rounds; null when it was not measured. */
  value: number | null;
  atLeast: number;
  aim: number;
  /** Whether more is better. */
  more: boolean;
  unit: string;
}

export const ownName = "sssonector";
/** The build that this one is compared with. */
export const beforeName = "before";

export function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)];
  const lower = sorted[Math.ceil(middle) - 1];
  return upper === undefined || lower === undefined ? null : (upper + lower) / 2;
}

/** The value that `part` of the values, 0 to 1, do not exceed; null of none. */
export function percentile(values: readonly number[], part: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? null;
}

/** Median over the rounds of ours divided by the peer's. */
function ratio(rounds: readonly Round[], peer: string, field: keyof Omit<Measurement, "name">): number | null {
  const ratios = rounds.flatMap((round) => {
    const [ours, theirs] = [round[ownName]?.[field], round[peer]?.[field]];
    return typeof ours === "number" && typeof theirs === "number" && theirs > 0 ? [ours / theirs] : [];
  });
  return median(ratios);
}

/** What changed against the other build: at most 5 % is to be lost. */
export function changes(rounds: readonly Round[]): Figure[] {
  const rows = [
    ["one TCP stream up", "up_mbps", true],
    ["one TCP stream down", "down_mbps", true],
    ["eight TCP streams", "p8_mbps", true],
    ["200 B UDP", "udp_kpps", true],
    ["idle ping median", "ping_p50_ms", false],
    ["processor time a GB, up", "cpu_s_per_gb", false],
  ] as const;
  return rows.map(([name, field, more]) => ({
    name: `${name} / ${beforeName}`,
    value: ratio(rounds, beforeName, field),
    atLeast: more ? 0.95 : 1.05,
    aim: 1,
    more,
    unit: "×",
  }));
}

/** The figures that the data plane has to reach; throughput of one stream counts in both directions. */
export function figures(rounds: readonly Round[], memory: MemoryResult): Figure[] {
  const stream = (peer: string, atLeast: number, aim: number): Figure[] =>
    (["up", "down"] as const).map((direction) => ({
      name: `one TCP stream ${direction} / ${peer}`,
      value: ratio(rounds, peer, `${direction}_mbps`),
      atLeast,
      aim,
      more: true,
      unit: "×",
    }));
  return [
    ...stream("relay", 0.55, 0.75),
    ...stream("wireguard-go", 5, 8),
    ...stream("openvpn-udp", 3.5, 6),
    ...stream("openvpn-tcp", 10, 20),
    {
      name: "200 B UDP / wireguard-go",
      value: ratio(rounds, "wireguard-go", "udp_kpps"),
      atLeast: 3,
      aim: 6,
      more: true,
      unit: "×",
    },
    {
      name: "idle ping median / openvpn-udp",
      value: ratio(rounds, "openvpn-udp", "ping_p50_ms"),
      atLeast: 1.3,
      aim: 0.8,
      more: false,
      unit: "×",
    },
    {
      name: "private memory, idle server",
      value: memory.idle_server_kib / 1024,
      atLeast: 60,
      aim: 45,
      more: false,
      unit: "MiB",
    },
    {
      name: "private memory, idle client",
      value: memory.idle_client_kib / 1024,
      atLeast: 60,
      aim: 45,
      more: false,
      unit: "MiB",
    },
    {
      name: "private memory per idle session",
      value: memory.per_session_kib,
      atLeast: 96,
      aim: 72,
      more: false,
      unit: "KiB",
    },
  ];
}

/** "aim reached", "reached", "not reached" or "not measured". */
export function verdict({ value, atLeast, aim, more }: Figure): string {
  if (value === null) return "not measured";
  const within = (bound: number): boolean => (more ? value >= bound : value <= bound);
  if (within(aim)) return "aim reached";
  return within(atLeast) ? "reached" : "NOT REACHED";
}
