import type { ConfigRow } from "../../shared/control/protocol.ts";
import type {
  Alert,
  Connection,
  DaemonEvent,
  LastReload,
  Session,
  Snapshot,
  Status,
} from "../../shared/control/snapshot.ts";
import { printable } from "../../shared/text.ts";
import type { Context } from "./context.ts";
import { bitRate, byteCount, roundTrip, timeSpan } from "./human.ts";
import type { View } from "./read.ts";
import { table } from "./table.ts";

export const statusView: View<Status> = {
  fetch: async (client) => (await client.call("snapshot", {})).status,
  json: (status) => status,
  text: (status) => `${alertLines(status.alerts)}${statusLines(status)}`,
};

export const connectionsView: View<Snapshot> = {
  fetch: (client) => client.call("snapshot", {}),
  json: ({ connections }) => ({ connections }),
  text: ({ status, connections }) => `${alertLines(status.alerts)}${connectionsTable(connections)}`,
};

export const sessionsView: View<Snapshot> = {
  fetch: (client) => client.call("snapshot", {}),
  json: ({ sessions }) => ({ sessions }),
  text: ({ status, sessions }) => `${alertLines(status.alerts)}${sessionsTable(sessions)}`,
};

export const configView: View<ConfigRow[]> = {
  fetch: async (client) => (await client.call("config", {})).rows,
  json: (config) => ({ config }),
  text: configTable,
};

export const snapshotView: View<Snapshot> = {
  fetch: (client) => client.call("snapshot", {}),
  json: (snapshot) => snapshot,
  text: (snapshot) => `${JSON.stringify(snapshot, undefined, 2)}\n`,
};

export const metricsView: View<string> = {
  fetch: async (client) => (await client.call("metrics", {})).text,
  json: (text) => ({ text }),
  text: (text) => text,
};

export const eventsView: View<DaemonEvent[]> = {
  fetch: async (client, context) => {
    const { since } = context.options;
    const { events } = await client.call("events", { since: since?.kind === "seq" ? since.seq : 0 });
    return since?.kind === "age" ? youngerThan(events, since.milliseconds, context) : events;
  },
  json: (events) => ({ events }),
  text: (events) => (events.length === 0 ? "no events\n" : events.map(eventLine).join("")),
};

/** One event as a line; its message may hold what a peer said. */
export function eventLine(event: DaemonEvent): string {
  const time = new Date(event.time_ms).toISOString();
  return `${event.seq} ${time} ${event.severity.padEnd(8)} ${printable(event.code)}: ${printable(event.message, 300)}\n`;
}

function youngerThan(events: DaemonEvent[], milliseconds: number, { terminal }: Context): DaemonEvent[] {
  const oldest = terminal.clock.wall() - milliseconds;
  return events.filter((event) => event.time_ms >= oldest);
}

export function alertLines(alerts: readonly Alert[]): string {
  return alerts
    .map(({ severity, code, message }) => `${severity.toUpperCase()} ${printable(code)}: ${printable(message, 300)}\n`)
    .join("");
}

function arrivingPart({ arriving }: Status): string {
  return arriving === 0 ? "" : `, ${arriving} more on their way in`;
}

function statusLines(status: Status): string {
  const { last_reload: reload } = status;
  const rows: [string, string][] = [
    ["daemon", `${printable(status.name)} (${status.mode}), ${status.state}, up ${timeSpan(status.uptime_seconds)}`],
    ["version", `${printable(status.version)}, pid ${status.pid}`],
    ["interface", `${printable(status.interface)}, mtu ${status.mtu}, ${addresses(status.inner)}`],
    ["sessions", `${status.sessions}, connections ${status.connections}${arrivingPart(status)}`],
    ["received", `${byteCount(status.rx_bytes)} in ${status.rx_packets} packets`],
    ["sent", `${byteCount(status.tx_bytes)} in ${status.tx_packets} packets`],
    ["frames", `${status.frames_accepted} accepted, ${status.frames_injected} injected`],
    ["compression", compressionLine(status)],
    ["dropped", counts(status.dropped)],
    ["refused", counts(status.refused)],
    ["threads", threads(status.resources)],
    ["certificate", ending(status.certificate_expires_seconds)],
    ["CA", ending(status.ca_expires_seconds)],
    ["CRL", status.crl_expires_seconds === null ? "none" : ending(status.crl_expires_seconds)],
    ["last reload", reload === null ? "none" : reloadLine(reload)],
  ];
  if (status.log_lines_lost > 0) rows.push(["log", `${status.log_lines_lost} lines could not be written`]);
  return rows.map(([name, value]) => `${name.padEnd(12)} ${value}\n`).join("");
}

function threads({ loop_load, loop_delay_ms }: Status["resources"]): string {
  const one = ([name, load]: [string, number]): string =>
    `${printable(name)} ${load} % busy (at worst ${loop_delay_ms[name] ?? 0} ms late)`;
  return Object.entries(loop_load).map(one).join(", ");
}

function compressionLine({ compressible_bytes: before, compressed_bytes: after }: Status): string {
  if (before === 0) return "none";
  return `${byteCount(before)} sent as ${byteCount(after)} (${Math.round((100 * after) / before)} %)`;
}

function ending(seconds: number): string {
  return seconds < 0 ? `EXPIRED ${timeSpan(-seconds)} ago` : `expires in ${timeSpan(seconds)}`;
}

function reloadLine({ time_ms, trigger, result, message }: LastReload): string {
  return `${new Date(time_ms).toISOString()} (${trigger.replace("_", " ")}) ${result}: ${printable(message, 300)}`;
}

function connectionsTable(rows: Connection[]): string {
  return table<Connection>(
    [
      { title: "ID", cell: (row) => printable(row.id) },
      { title: "KIND", cell: (row) => row.kind },
      { title: "IDENTITY", cell: (row) => printable(row.identity) },
      { title: "REMOTE", cell: (row) => printable(row.remote) },
      { title: "BACKEND", cell: (row) => printable(row.backend) },
      { title: "STATE", cell: (row) => row.state },
      { title: "LIMITED BY", cell: (row) => row.limited_by },
      { title: "RX", right: true, cell: (row) => bitRate(row.rx_bps) },
      { title: "TX", right: true, cell: (row) => bitRate(row.tx_bps) },
      { title: "RTT", right: true, cell: (row) => roundTrip(row.rtt_ms) },
      { title: "AGE", right: true, cell: (row) => timeSpan(row.since_seconds) },
      { title: "INNER", cell: (row) => addresses(row.inner) },
    ],
    rows,
    "no connections",
  );
}

function sessionsTable(rows: Session[]): string {
  return table<Session>(
    [
      { title: "ID", cell: (row) => printable(row.id) },
      { title: "IDENTITY", cell: (row) => printable(row.identity) },
      { title: "LINKS", right: true, cell: (row) => String(row.links) },
      { title: "MTU", right: true, cell: (row) => String(row.mtu) },
      { title: "EPOCH", right: true, cell: (row) => String(row.epoch) },
      { title: "AGE", right: true, cell: (row) => timeSpan(row.since_seconds) },
      { title: "EXPIRES", right: true, cell: ({ expires_seconds: at }) => (at === null ? "-" : `in ${timeSpan(at)}`) },
      { title: "INNER", cell: (row) => addresses(row.inner) },
    ],
    rows,
    "no sessions",
  );
}

function configTable(rows: ConfigRow[]): string {
  return table<ConfigRow>(
    [
      { title: "KEY", cell: (row) => printable(row.key) },
      { title: "VALUE", cell: (row) => printable(JSON.stringify(row.value) ?? "-", 80) },
      { title: "DEFAULT", cell: (row) => printable(JSON.stringify(row.default) ?? "-", 40) },
      { title: "CHANGE BY", cell: (row) => (row.reload === "live" ? "reload" : "restart") },
      { title: "FROM", cell: (row) => printable(row.source, 200) },
    ],
    rows,
    "no settings",
  );
}

function addresses(inner: readonly string[]): string {
  return inner.length === 0 ? "no address" : inner.map((address) => printable(address)).join(", ");
}

function counts(reasons: Record<string, number>): string {
  const rows = Object.entries(reasons).filter(([, count]) => count > 0);
  return rows.length === 0 ? "none" : rows.map(([reason, count]) => `${printable(reason)} ${count}`).join(", ");
}
