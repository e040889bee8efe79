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
    `Medians of ${rounds.length} rounds in turn. The generator runs on the same processors: of a ClientHello that is answered its share`,
    "is next to nothing, of a whole handshake nearly that of the server, so that two processors are full with one worker already.",
    "",
    ...table(
      ["A second", "1 worker", "server CPU each", "2 workers", "server CPU each", "2 / 1"],
      kinds.map(([kind, name]) => [
        name,
        amount(connectsOf(rounds, "one", kind, "per_second")),
        `${amount(connectsOf(rounds, "one", kind, "server_cpu_ms_each"))} ms`,
        amount(connectsOf(rounds, "two", kind, "per_second")),
        `${amount(connectsOf(rounds, "two", kind, "server_cpu_ms_each"))} ms`,
        amount(two_to_one[kind]),
      ]),
    ),
  ];
}
