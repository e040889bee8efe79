import type { Service } from "../../../shared/control/snapshot.ts";
import { labelled, type Metric, ofRows } from "../metric.ts";

const states: readonly Service["state"][] = ["starting", "up", "down", "failed"];
const service = ofRows("service", ({ services }) => services);

/** Published services; their endpoints are backends. */
export const serviceMetrics: readonly Metric[] = [
  service.state(
    "service_state",
    "1 for the state of the service; down: no endpoint takes connections, failed: it can't listen.",
    states,
    (row) => row.state,
  ),
  service.gauge("service_endpoints_up", "Endpoints that take connections.", (row) => row.endpoints_up),
  service.gauge("service_endpoints", "Endpoints in all.", (row) => row.endpoints_total),
  service.gauge("service_connections", "Connections that have an endpoint, or try one.", (row) => row.connections),
  service.gauge("service_max_connections", "The most connections.", (row) => row.max_connections),
  service.gauge("service_connections_waiting", "Connections that wait for a place.", (row) => row.waiting),
  service.gauge("service_warm", "Connections to endpoints that were made ahead.", (row) => row.warm),
  service.counter("service_connections_total", "Connections that clients opened.", (row) => row.accepted),
  service.counter(
    "service_refused_total",
    "Connections that were reset for want of an endpoint or a place.",
    (row) => row.refused,
  ),
  service.counter(
    "service_retried_total",
    "Connects that went to another endpoint since one failed.",
    (row) => row.retried,
  ),
  service.counter(
    "service_failed_total",
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
      snapshot.services.flatMap(({ name, rx_bytes, tx_bytes }) => [
        [{ service: name, direction: "rx" }, rx_bytes] as const,
        [{ service: name, direction: "tx" }, tx_bytes] as const,
      ]),
  }),
];
