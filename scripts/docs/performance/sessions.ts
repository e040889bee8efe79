import type { SessionsResult } from "../../../bench/sessions-result.ts";
import { table } from "../markdown.ts";
import { amount, shown } from "./claims.ts";

/** What bench:sessions found. */
export function sessionsText({ growth, idle, holding, handshakes, storm }: SessionsResult): string[] {
  return [
    ...table(
      [
        "Sessions",
        "Private memory",
        "a session",
        "new a second",
        "server CPU each",
        "echo p50, p99 ms",
        "find a packet's session",
      ],
      growth.map((row) => [
        amount(row.sessions),
        `${amount(row.rss_anon_kib / 1024)} MiB`,
        row.rss_anon_kib_per_session === null ? "" : `${amount(row.rss_anon_kib_per_session)} KiB`,
        amount(row.new_sessions_per_second),
        `${amount(row.server_cpu_ms_per_new_session)} ms`,
        `${shown(row.echo_p50_ms)}, ${shown(row.echo_p99_ms)}`,
        `${amount(row.route_ns)} ns`,
      ]),
    ),
    "",
    ...table(
      [
        "",
        "Sessions",
        "CPU of a core",
        "Private memory",
        "Longest loop delay in the last minute",
        "echo p50, p99 ms",
        "links lost",
      ],
      [
        [
          "all idle",
          amount(idle.sessions),
          `${amount(idle.cpu_percent_of_a_core)} %`,
          `${amount(idle.rss_anon_kib / 1024)} MiB`,
          delays(idle.loop_delay_ms),
          "",
          "",
        ],
        [
          `1 % active, ${holding.seconds} s`,
          amount(holding.sessions),
          `${amount(holding.cpu_percent_of_a_core)} %`,
          `${amount(holding.rss_anon_kib / 1024)} MiB`,
          delays(holding.loop_delay_ms),
          `${shown(holding.echo.p50_ms)}, ${shown(holding.echo.p99_ms)}`,
          String(holding.links_lost),
        ],
      ],
    ),
    "",
    `Handshakes alone: ${amount(handshakes.per_second)} a second, ${shown(handshakes.server_cpu_ms_each)} ms of the server's processor time each, in which`,
    "is what the idle sessions cost meanwhile. A storm of",
    `${amount(storm.storm_per_second)} connections a second, half silent and half replaying a ClientHello, which is five times the`,
    `${amount(storm.peak_sessions_per_second)} new sessions a second of before: ${amount(storm.sessions_per_second)} good sessions a second beside it`,
    `(${amount(storm.goodput_ratio)} of the peak), round trips of live sessions ${shown(storm.echo.p50_ms)} ms (p50) and ${shown(storm.echo.p99_ms)} ms (p99),`,
    `loop delay ${delays(storm.loop_delay_ms)}. The generators of new connections run at a lower priority on the same processors.`,
  ];
}

function delays(all: Readonly<Record<string, number>>): string {
  const each = Object.entries(all).map(([thread, ms]) => `${thread} ${amount(ms)} ms`);
  return each.join(", ");
}
