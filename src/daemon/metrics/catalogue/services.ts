import type { Service } from "../../../shared/control/snapshot.ts";
import { labelled, type Metric, oneHot } from "../metric.ts";

const states: readonly Service["state"][] = ["starting", "up", "down", "failed"];
const bound = "services of the configuration";

function ofService(name: string, type: Metric["type"], help: string, value: (service: Service) => number): Metric {
  return labelled({
    name,
    type,
    labels: ["service"],
    help,
    bound,
    series: ({ snapshot }) => snapshot.services.map((row) => [{ service: row.name }, value(row)]),
  });
}

/** Published services; their endpoints are backends. */
export const serviceMetrics: readonly Metric[] = [
  labelled({
    name: "service_state",
    type: "gauge",
    labels: ["service", "state"],
    help: "1 for the state of the service; down: no endpoint takes connections, failed: it can't listen.",
    bound: "4 states of each service",
    series: ({ snapshot }) => snapshot.services.flatMap((row) => oneHot({ service: row.name }, states, row.state)),
  }),
  ofService("service_endpoints_up", "gauge", "Endpoints that take connections.", (row) => row.endpoints_up),
  ofService("service_endpoints", "gauge", "Endpoints in all.", (row) => row.endpoints_total),
  ofService("service_connections", "gauge", "Connections that have an endpoint, or try one.", (row) => row.connections),
  ofService("service_max_connections", "gauge", "The most connections.", (row) => row.max_connections),
  ofService("service_connections_waiting", "gauge", "Connections that wait for a place.", (row) => row.waiting),
  ofService("service_warm", "gauge", "Connections to endpoints that were made ahead.", (row) => row.warm),
  ofService("service_connections_total", "counter", "Connections that clients opened.", (row) => row.accepted),
  ofService(
    "service_refused_total",
    "counter",
    "Connections that were reset for want of an endpoint or a place.",
    (row) => row.refused,
  ),
  ofService(
    "service_retried_total",
    "counter",
    "Connects that went to another endpoint since one failed.",
    (row) => row.retried,
  ),
  ofService(
    "service_failed_total",
    "counter",
    "Connections for which no endpoint was reached, or that it reset.",
    (row) => row.failed,
  ),
  labelled({
    name: "service_bytes_total",
    type: "counter",
    labels: ["service", "direction"],
    help: "Bytes of a service's connections: rx from clients, tx to clients.",
    bound: "2 of each service",
    series: ({ snapshot }) =>
      snapshot.services.flatMap(({ name: service, rx_bytes, tx_bytes }) => [
        [{ service, direction: "rx" }, rx_bytes] as const,
        [{ service, direction: "tx" }, tx_bytes] as const,
      ]),
  }),
];
