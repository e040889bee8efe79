import type { Connection, ConnectionState, LimitedBy, Snapshot } from "../../shared/control/snapshot.ts";
import { roundTrip, span } from "../draw/format.ts";
import { graph, peak } from "../draw/graph.ts";
import { seg, type Tone } from "../draw/line.ts";
import { drawable } from "../draw/text.ts";
import { trendAt, trendSeconds } from "../model/trends.ts";
import { figure, label, speed } from "./columns.ts";
import { defineTable, type Table } from "./table.ts";

const states: Record<ConnectionState, readonly [string, Tone]> = {
  connecting: ["connect", "warn"],
  accepting: ["accept", "warn"],
  authenticating: ["auth", "warn"],
  configuring: ["config", "warn"],
  active: ["active", "good"],
  draining: ["draining", "warn"],
  closed: ["closed", "dim"],
};

const limits: Record<LimitedBy, string> = {
  nothing: "",
  bucket: "bucket",
  backend_rtt: "backend rtt",
  peer_window: "peer window",
  breaker: "breaker",
};

/** A connection with the direction in which its traffic is named: up is from the client to the server. */
interface Row {
  readonly of: Connection;
  readonly up_bps: number;
  readonly down_bps: number;
}

function rowsOf(snapshot: Snapshot): Row[] {
  const server = snapshot.status.mode === "server";
  return snapshot.connections.map((of) => ({
    of,
    up_bps: server ? of.rx_bps : of.tx_bps,
    down_bps: server ? of.tx_bps : of.rx_bps,
  }));
}

export const connections: Table = defineTable<Row>({
  name: "connections",
  title: "Connections",
  short: "Conn",
  noun: "connection",
  sort: { column: "down", descending: true },
  rows: rowsOf,
  id: (row) => row.of.id,
  label: (row) => `connection ${row.of.id} of ${row.of.identity}`,
  offer: () => "kick",
  fields: { session: (row) => row.of.session, kind: (row) => row.of.kind },
  words: (row) =>
    [
      row.of.id,
      row.of.identity,
      row.of.remote,
      row.of.backend,
      row.of.session,
      row.of.state,
      row.of.kind,
      row.of.limited_by,
      ...row.of.inner,
    ].join(" "),
  columns: [
    label(["id", "ID", 6, 10, 0], (row) => row.of.id, "dim"),
    {
      key: "identity",
      title: "IDENTITY",
      min: 12,
      max: 24,
      priority: 0,
      cell: (row, { own }) =>
        own ? seg(`YOU ${drawable(row.of.identity)}`, "warn") : seg(drawable(row.of.identity), "strong"),
      order: (row) => row.of.identity,
    },
    label(["remote", "REMOTE", 21, 30, 6], (row) => row.of.remote),
    label(["backend", "BACKEND", 8, 14, 5], (row) => row.of.backend),
    {
      key: "state",
      title: "STATE",
      min: 8,
      max: 8,
      priority: 1,
      cell: (row) => seg(...states[row.of.state]),
      order: (row) => row.of.state,
    },
    {
      key: "limited",
      title: "LIMITED BY",
      min: 11,
      max: 11,
      priority: 2,
      cell: (row, { glyphs }) =>
        row.of.limited_by === "nothing" ? seg(glyphs.none, "faint") : seg(limits[row.of.limited_by], "warn"),
      order: (row) => limits[row.of.limited_by],
      descending: true,
    },
    figure(
      ["up", "UP/s", 6, 7, 1],
      (row) => row.up_bps,
      (row) => speed(row.up_bps, "tx"),
    ),
    figure(
      ["down", "DOWN/s", 7, 7, 1],
      (row) => row.down_bps,
      (row) => speed(row.down_bps, "rx"),
    ),
    figure(
      ["rtt", "RTT ms", 7, 7, 3],
      (row) => row.of.rtt_ms ?? -1,
      (row, { glyphs }) => seg(roundTrip(row.of.rtt_ms, glyphs.none)),
    ),
    figure(
      ["age", "AGE", 6, 6, 4],
      (row) => row.of.since_seconds,
      (row) => seg(span(row.of.since_seconds), "dim"),
    ),
    {
      key: "trend",
      title: "LAST 60 s",
      min: trendSeconds / 2,
      max: trendSeconds / 2,
      priority: 7,
      cell: (row, { trends, snapshot, glyphs, columns }) => {
        const series = trendAt(trends, row.of.id, snapshot.time_ms);
        return seg(graph(series, columns, 1, peak(series), glyphs).join(""), "rx");
      },
    },
  ],
});
