import type { Connection, ConnectionState, LimitedBy, Snapshot } from "../../shared/control/snapshot.ts";
import { rate, roundTrip, span } from "../draw/format.ts";
import { graph, peak } from "../draw/graph.ts";
import { seg, type Segment, type Tone } from "../draw/line.ts";
import { drawable } from "../draw/text.ts";
import { trendAt, trendSeconds } from "../model/trends.ts";
import { defineTable, type Table } from "./table.ts";

const states: Record<ConnectionState, readonly [string, Tone]> = {
  connecting: ["connect", "warn"],
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
interface Row extends Connection {
  readonly up_bps: number;
  readonly down_bps: number;
}

function rowsOf(snapshot: Snapshot): Row[] {
  const server = snapshot.status.mode === "server";
  return snapshot.connections.map((connection) => ({
    ...connection,
    up_bps: server ? connection.rx_bps : connection.tx_bps,
    down_bps: server ? connection.tx_bps : connection.rx_bps,
  }));
}

function speed(bps: number, tone: Tone): Segment {
  return seg(rate(bps), bps < 1 ? "faint" : tone);
}

export const connections: Table = defineTable<Row>({
  name: "connections",
  title: "Connections",
  short: "Conn",
  noun: "connection",
  sort: { column: "down", descending: true },
  rows: rowsOf,
  id: (row) => row.id,
  label: (row) => `connection ${row.id} of ${row.identity}`,
  offer: () => "kick",
  fields: { session: (row) => row.session, kind: (row) => row.kind },
  words: (row) =>
    [
      row.id,
      row.identity,
      row.remote,
      row.backend,
      row.session,
      row.state,
      row.kind,
      row.limited_by,
      ...row.inner,
    ].join(" "),
  columns: [
    {
      key: "id",
      title: "ID",
      min: 6,
      max: 10,
      priority: 0,
      cell: (row) => seg(drawable(row.id), "dim"),
      order: (row) => row.id,
    },
    {
      key: "identity",
      title: "IDENTITY",
      min: 12,
      max: 24,
      priority: 0,
      cell: (row, { own }) =>
        own ? seg(`YOU ${drawable(row.identity)}`, "warn") : seg(drawable(row.identity), "strong"),
      order: (row) => row.identity,
    },
    {
      key: "remote",
      title: "REMOTE",
      min: 21,
      max: 30,
      priority: 6,
      cell: (row) => seg(drawable(row.remote)),
      order: (row) => row.remote,
    },
    {
      key: "backend",
      title: "BACKEND",
      min: 8,
      max: 14,
      priority: 5,
      cell: (row) => seg(drawable(row.backend)),
      order: (row) => row.backend,
    },
    {
      key: "state",
      title: "STATE",
      min: 8,
      max: 8,
      priority: 1,
      cell: (row) => seg(...states[row.state]),
      order: (row) => row.state,
    },
    {
      key: "limited",
      title: "LIMITED BY",
      min: 11,
      max: 11,
      priority: 2,
      cell: (row, { glyphs }) =>
        row.limited_by === "nothing" ? seg(glyphs.none, "faint") : seg(limits[row.limited_by], "warn"),
      order: (row) => limits[row.limited_by],
      descending: true,
    },
    {
      key: "up",
      title: "UP/s",
      min: 6,
      max: 7,
      priority: 1,
      right: true,
      cell: (row) => speed(row.up_bps, "tx"),
      order: (row) => row.up_bps,
      descending: true,
    },
    {
      key: "down",
      title: "DOWN/s",
      min: 7,
      max: 7,
      priority: 1,
      right: true,
      cell: (row) => speed(row.down_bps, "rx"),
      order: (row) => row.down_bps,
      descending: true,
    },
    {
      key: "rtt",
      title: "RTT ms",
      min: 7,
      max: 7,
      priority: 3,
      right: true,
      cell: (row, { glyphs }) => seg(roundTrip(row.rtt_ms, glyphs.none)),
      order: (row) => row.rtt_ms ?? -1,
      descending: true,
    },
    {
      key: "age",
      title: "AGE",
      min: 6,
      max: 6,
      priority: 4,
      right: true,
      cell: (row) => seg(span(row.since_seconds), "dim"),
      order: (row) => row.since_seconds,
      descending: true,
    },
    {
      key: "trend",
      title: "LAST 60 s",
      min: trendSeconds / 2,
      max: trendSeconds / 2,
      priority: 7,
      cell: (row, { trends, snapshot, glyphs, columns }) => {
        const series = trendAt(trends, row.id, snapshot.time_ms);
        return seg(graph(series, columns, 1, peak(series), glyphs).join(""), "rx");
      },
    },
  ],
});
