import type { Service } from "../../../shared/control/snapshot.ts";
import { labelled, type Metric } from "../metric.ts";

function ofService(type: Metric["type"], name: string, help: string, value: (service: Service) => number): Metric {
  return labelled({
    name,
    type,
    labels: ["service"],
    help,
    bound: "services of the configuration",
    series: ({ snapshot }) => snapshot.services.map((row) => [{ service: row.name }, value(row)]),
  });
}

/** Published services of a server. */
export const serviceMetrics: readonly Metric[] = [
  ofService("gauge", "service_up", "1 while the service listens and an endpoint takes connections.", ({ state }) =>
    state === "up" ? 1 : 0,
  ),
  ofService("gauge", "service_endpoints_up", "Endpoints that are up.", (row) => row.endpoints_up),
  ofService("gauge", "service_connections", "Connections that have an endpoint.", (row) => row.connections),
  ofService("gauge", "service_connections_waiting", "Connections that wait for a place.", (row) => row.waiting),
  ofService("counter", "service_connections_total", "Connections that clients opened.", (row) => row.accepted),
  ofService(
    "counter",
    "service_refused_total",
    "Connections that were reset for want of an endpoint or of a place.",
    (row) => row.refused,
  ),
  ofService("counter", "service_retried_total", "Connects to another endpoint after one failed.", (row) => row.retried),
  ofService(
    "counter",
    "service_failed_total",
    "Connections for which no endpoint could be reached, or that their endpoint reset.",
    (row) => row.failed,
  ),
  labelled({
    name: "service_bytes_total",
    type: "counter",
    labels: ["service", "direction"],
    help: "Bytes of the service's connections: rx from clients, tx to clients.",
    bound: "2 directions of each service",
    series: ({ snapshot }) =>
      snapshot.services.flatMap(({ name: service, rx_bytes, tx_bytes }): [Record<string, string>, number][] => [
        [{ service, direction: "rx" }, rx_bytes],
        [{ service, direction: "tx" }, tx_bytes],
      ]),
  }),
];
