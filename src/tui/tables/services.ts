import type { Service } from "../../shared/control/snapshot.ts";
import { count, rate } from "../draw/format.ts";
import { seg, type Segment, type Tone } from "../draw/line.ts";
import { drawable } from "../draw/text.ts";
import { defineTable, type Table } from "./table.ts";

const states: Record<Service["state"], Tone> = { starting: "warn", up: "good", down: "critical", failed: "critical" };

/** Those that are up of all there are. */
function endpoints({ endpoints_up, endpoints_total }: Service): Segment {
  return seg(`${endpoints_up}/${endpoints_total}`, endpoints_up < endpoints_total ? "warn" : "good");
}

/** Connections of as many as may be. */
function load({ connections, max_connections, waiting }: Service): Segment {
  return seg(`${count(connections)}/${count(max_connections)}`, waiting > 0 ? "warn" : "text");
}

function trouble(value: number): Segment {
  return seg(count(value), value > 0 ? "warn" : "faint");
}

export const services: Table = defineTable<Service>({
  name: "services",
  title: "Services",
  short: "Serv",
  noun: "service",
  sort: { column: "name", descending: false },
  rows: (snapshot) => snapshot.services,
  id: (row) => row.name,
  label: (row) => `service ${row.name}`,
  words: (row) => [row.name, row.listen, row.state, row.strategy, row.error ?? ""].join(" "),
  fields: { strategy: (row) => row.strategy, rx: (row) => row.rx_bps, tx: (row) => row.tx_bps },
  columns: [
    {
      key: "name",
      title: "NAME",
      min: 12,
      max: 20,
      priority: 0,
      cell: (row) => seg(drawable(row.name), "strong"),
      order: (row) => row.name,
    },
    {
      key: "listen",
      title: "LISTEN",
      min: 18,
      max: 30,
      priority: 4,
      cell: (row) => seg(drawable(row.listen)),
      order: (row) => row.listen,
    },
    {
      key: "state",
      title: "STATE",
      min: 8,
      max: 8,
      priority: 0,
      cell: (row) => seg(row.state, states[row.state]),
      order: (row) => row.state,
    },
    {
      key: "endpoints",
      title: "UP/ALL",
      min: 6,
      max: 7,
      priority: 1,
      right: true,
      cell: endpoints,
      order: (row) => row.endpoints_up,
    },
    {
      key: "load",
      title: "CONNS",
      min: 6,
      max: 11,
      priority: 1,
      right: true,
      cell: load,
      order: (row) => row.connections,
      descending: true,
    },
    {
      key: "waiting",
      title: "WAIT",
      min: 5,
      max: 6,
      priority: 3,
      right: true,
      cell: (row) => trouble(row.waiting),
      order: (row) => row.waiting,
      descending: true,
    },
    {
      key: "up",
      title: "UP/s",
      min: 6,
      max: 7,
      priority: 1,
      right: true,
      cell: (row) => seg(rate(row.rx_bps), row.rx_bps === 0 ? "faint" : "tx"),
      order: (row) => row.rx_bps,
      descending: true,
    },
    {
      key: "down",
      title: "DOWN/s",
      min: 7,
      max: 7,
      priority: 1,
      right: true,
      cell: (row) => seg(rate(row.tx_bps), row.tx_bps === 0 ? "faint" : "rx"),
      order: (row) => row.tx_bps,
      descending: true,
    },
    {
      key: "accepted",
      title: "ACCEPTED",
      min: 8,
      max: 10,
      priority: 3,
      right: true,
      cell: (row) => seg(count(row.accepted), "dim"),
      order: (row) => row.accepted,
      descending: true,
    },
    {
      key: "refused",
      title: "REFUSED",
      min: 7,
      max: 8,
      priority: 2,
      right: true,
      cell: (row) => trouble(row.refused),
      order: (row) => row.refused,
      descending: true,
    },
    {
      key: "failed",
      title: "FAILED",
      min: 6,
      max: 8,
      priority: 2,
      right: true,
      cell: (row) => trouble(row.failed),
      order: (row) => row.failed,
      descending: true,
    },
    {
      key: "retried",
      title: "RETRIED",
      min: 7,
      max: 8,
      priority: 5,
      right: true,
      cell: (row) => seg(count(row.retried), "dim"),
      order: (row) => row.retried,
      descending: true,
    },
    {
      key: "strategy",
      title: "STRATEGY",
      min: 12,
      max: 26,
      priority: 6,
      cell: (row) => seg(drawable(row.strategy), "dim"),
      order: (row) => row.strategy,
    },
  ],
});
