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
    {
      key: "id",
      title: "ID",
      min: 6,
      max: 10,
      priority: 0,
      cell: (row) => seg(drawable(row.of.id), "dim"),
      order: (row) => row.of.id,
    },
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
    {
      key: "remote",
      title: "REMOTE",
      min: 21,
      max: 30,
      priority: 6,
      cell: (row) => seg(drawable(row.of.remote)),
      order: (row) => row.of.remote,
    },
    {
      key: "backend",
      title: "BACKEND",
      min: 8,
      max: 14,
      priority: 5,
      cell: (row) => seg(drawable(row.of.backend)),
      order: (row) => row.of.backend,
    },
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
      cell: (row, { glyphs }) => seg(roundTrip(row.of.rtt_ms, glyphs.none)),
      order: (row) => row.of.rtt_ms ?? -1,
      descending: true,
    },
    {
      key: "age",
      title: "AGE",
      min: 6,
      max: 6,
      priority: 4,
      right: true,
      cell: (row) => seg(span(row.of.since_seconds), "dim"),
      order: (row) => row.of.since_seconds,
      descending: true,
    },
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
