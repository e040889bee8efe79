import type { WorkersResult, WorkersRound } from "../../../bench/workers-result.ts";
import { table } from "../markdown.ts";
import { amount } from "./claims.ts";
import { connectsOf } from "./results.ts";

const kinds: readonly [keyof WorkersRound, string][] = [
  ["answers", "ClientHellos answered"],
  ["handshakes", "whole handshakes"],
  ["sessions", "sessions up to WELCOME"],
];

/** What bench:workers found. */
export function workersText({ rounds, two_to_one }: WorkersResult): string[] {
  return [
    `Medians of ${rounds.length} rounds in turn. The generator runs on the same processors. A session takes the control plane's thread as well,`,
    "which is one whatever the number of workers.",
    "",
    ...table(
      ["A second", "1 worker", "CPU each: server", "generator", "2 workers", "CPU each: server", "generator", "2 / 1"],
      kinds.map(([kind, name]) => [
        name,
        ...(["one", "two"] as const).flatMap((workers) => [
          amount(connectsOf(rounds, workers, kind, "per_second")),
          `${amount(connectsOf(rounds, workers, kind, "server_cpu_ms_each"))} ms`,
          `${amount(connectsOf(rounds, workers, kind, "generator_cpu_ms_each"))} ms`,
        ]),
        amount(two_to_one[kind]),
      ]),
    ),
  ];
}
