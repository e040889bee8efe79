import { median } from "./figures.ts";

/** Bytes that arrived, in Mbit/s, of eight TCP flows inside a tunnel. */
export interface Goodput {
  up_mbps: number;
  down_mbps: number;
  /** Frames that the emulator lost on purpose, in both directions. */
  frames_lost: number;
}

/** Goodput by the contender's name. */
export type LossRound = Record<string, Goodput>;

export const openVpn = "openvpn-tcp";

/** How much better four links must be than OpenVPN over TCP. */
export const atLeast = 1.5;

export interface LossFigure {
  name: string;
  /** Medians over the rounds. */
  up_mbps: number | null;
  down_mbps: number | null;
  /** Medians of the ratios to OpenVPN over TCP within a round. */
  up_ratio: number | null;
  down_ratio: number | null;
}

export function lossFigures(rounds: readonly LossRound[]): LossFigure[] {
  return Object.keys(rounds[0] ?? {}).map((name) => {
    const of = (field: "up_mbps" | "down_mbps"): number | null =>
      median(rounds.flatMap((round) => round[name]?.[field] ?? []));
    const ratio = (field: "up_mbps" | "down_mbps"): number | null =>
      median(rounds.map((round) => (round[name]?.[field] ?? 0) / (round[openVpn]?.[field] ?? Number.NaN)));
    return {
      name,
      up_mbps: of("up_mbps"),
      down_mbps: of("down_mbps"),
      up_ratio: ratio("up_mbps"),
      down_ratio: ratio("down_mbps"),
    };
  });
}
