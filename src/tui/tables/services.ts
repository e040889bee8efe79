import type { Service } from "../../shared/control/snapshot.ts";
import { count } from "../draw/format.ts";
import { seg, type Segment, type Tone } from "../draw/line.ts";
import { figure, label, speed, trouble } from "./columns.ts";
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
    label(["name", "NAME", 12, 20, 0], (row) => row.name, "strong"),
    label(["listen", "LISTEN", 18, 30, 4], (row) => row.listen),
    label(
      ["state", "STATE", 8, 8, 0],
      (row) => row.state,
      (row) => states[row.state],
    ),
    figure(["endpoints", "UP/ALL", 6, 7, 1], (row) => row.endpoints_up, endpoints),
    figure(["load", "CONNS", 8, 11, 1], (row) => row.connections, load),
    figure(
      ["waiting", "WAIT", 5, 6, 3],
      (row) => row.waiting,
      (row) => trouble(row.waiting),
    ),
    figure(
      ["up", "UP/s", 6, 7, 1],
      (row) => row.rx_bps,
      (row) => speed(row.rx_bps, "tx"),
    ),
    figure(
      ["down", "DOWN/s", 7, 7, 1],
      (row) => row.tx_bps,
      (row) => speed(row.tx_bps, "rx"),
    ),
    figure(
      ["accepted", "ACCEPTED", 8, 10, 3],
      (row) => row.accepted,
      (row) => seg(count(row.accepted), "dim"),
    ),
    figure(
      ["refused", "REFUSED", 7, 8, 2],
      (row) => row.refused,
      (row) => trouble(row.refused),
    ),
    figure(
      ["failed", "FAILED", 6, 8, 2],
      (row) => row.failed,
      (row) => trouble(row.failed),
    ),
    figure(
      ["retried", "RETRIED", 7, 8, 5],
      (row) => row.retried,
      (row) => seg(count(row.retried), "dim"),
    ),
    label(["strategy", "STRATEGY", 12, 26, 6], (row) => row.strategy, "dim"),
  ],
});
