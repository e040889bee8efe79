import type { Service, Snapshot } from "../../shared/control/snapshot.ts";
import { printable } from "../../shared/text.ts";
import { bitRate } from "./human.ts";
import type { View } from "./read.ts";
import { table } from "./table.ts";
import { alertLines } from "./views.ts";

export const servicesView: View<Snapshot> = {
  fetch: (client) => client.call("snapshot", {}),
  json: ({ services }) => ({ services }),
  text: ({ status, services }) => `${alertLines(status.alerts)}${servicesTable(services)}`,
};

function servicesTable(rows: Service[]): string {
  return table<Service>(
    [
      { title: "NAME", cell: (row) => printable(row.name) },
      { title: "LISTEN", cell: (row) => printable(row.listen) },
      { title: "STATE", cell: (row) => (row.error === null ? row.state : `${row.state} (${printable(row.error)})`) },
      { title: "STRATEGY", cell: (row) => printable(row.strategy) },
      { title: "UP", right: true, cell: (row) => `${row.endpoints_up}/${row.endpoints_total}` },
      { title: "CONNECTIONS", right: true, cell: (row) => `${row.connections}/${row.max_connections}` },
      { title: "WAITING", right: true, cell: (row) => String(row.waiting) },
      { title: "WARM", right: true, cell: (row) => String(row.warm) },
      { title: "ACCEPTED", right: true, cell: (row) => String(row.accepted) },
      { title: "REFUSED", right: true, cell: (row) => String(row.refused) },
      { title: "RETRIED", right: true, cell: (row) => String(row.retried) },
      { title: "FAILED", right: true, cell: (row) => String(row.failed) },
      { title: "RX", right: true, cell: (row) => bitRate(row.rx_bps) },
      { title: "TX", right: true, cell: (row) => bitRate(row.tx_bps) },
    ],
    rows,
    "no services",
  );
}
