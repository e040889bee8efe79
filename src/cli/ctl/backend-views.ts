import type { Backend, Breaker, Snapshot } from "../../shared/control/snapshot.ts";
import { printable } from "../../shared/text.ts";
import { roundTrip, timeSpan } from "./human.ts";
import type { View } from "./read.ts";
import { table } from "./table.ts";
import { alertLines } from "./views.ts";

export const backendsView: View<Snapshot> = {
  fetch: (client) => client.call("snapshot", {}),
  json: ({ backends }) => ({ backends }),
  text: ({ status, backends }) => `${alertLines(status.alerts)}${backendsTable(backends)}`,
};

export const breakersView: View<Snapshot> = {
  fetch: (client) => client.call("snapshot", {}),
  json: ({ breakers }) => ({ breakers }),
  text: ({ status, breakers }) => `${alertLines(status.alerts)}${breakersTable(breakers)}`,
};

function backendsTable(rows: Backend[]): string {
  return table<Backend>(
    [
      { title: "", cell: (row) => (row.current ? "*" : "") },
      { title: "NAME", cell: (row) => printable(row.name) },
      { title: "ADDRESS", cell: (row) => printable(row.address) },
      { title: "ADMIN", cell: (row) => row.admin },
      { title: "STATE", cell: (row) => row.operational },
      { title: "BREAKER", cell: (row) => row.breaker },
      { title: "PRIORITY", right: true, cell: (row) => String(row.priority) },
      { title: "WEIGHT", right: true, cell: weight },
      { title: "CONNECTIONS", right: true, cell: (row) => String(row.connections) },
      { title: "RTT", right: true, cell: (row) => roundTrip(row.rtt_ms) },
      { title: "FAILURES", right: true, cell: (row) => String(row.failures) },
      { title: "SINCE", right: true, cell: (row) => timeSpan(row.since_seconds) },
      { title: "LAST ERROR", cell: (row) => printable(row.last_error ?? "-", 80) },
    ],
    rows,
    "no backends",
  );
}

/** The weight in effect, of the configured or pinned one. */
function weight(row: Backend): string {
  return `${row.weight < 10 ? row.effective_weight : Math.round(row.effective_weight)}/${row.weight}${row.weight_pinned ? " pinned" : ""}`;
}

function breakersTable(rows: Breaker[]): string {
  return table<Breaker>(
    [
      { title: "NAME", cell: (row) => printable(row.name) },
      { title: "STATE", cell: (row) => row.state },
      { title: "CALLS", right: true, cell: (row) => String(row.calls) },
      { title: "FAILED", right: true, cell: (row) => `${Math.round(row.failure_rate)}%` },
      { title: "SLOW", right: true, cell: (row) => `${Math.round(row.slow_rate)}%` },
      { title: "OPEN FOR", right: true, cell: ({ opened_seconds: at }) => (at === null ? "-" : timeSpan(at)) },
      { title: "TRIES IN", right: true, cell: ({ retry_in_ms: ms }) => (ms === null ? "-" : timeSpan(ms / 1_000)) },
      { title: "PROBES LEFT", right: true, cell: (row) => String(row.permits_left ?? "-") },
      { title: "CAUSE", cell: (row) => printable(row.cause ?? "-", 80) },
      { title: "LAST OPENED BY", cell: (row) => printable(row.last_cause ?? "-", 80) },
    ],
    rows,
    "no breakers",
  );
}
