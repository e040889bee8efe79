import type { AdminState, Backend, BreakerState, OperationalState } from "../../../shared/control/snapshot.ts";
import type { Breaker } from "../../../shared/control/snapshot.ts";
import { labelled, type Metric, oneHot } from "../metric.ts";

const operational: readonly OperationalState[] = ["up", "down", "starting", "stopping"];
const admin: readonly AdminState[] = ["ready", "drain", "maint"];
const breakerStates: readonly BreakerState[] = ["closed", "open", "half-open", "forced-open", "disabled", "observe"];

const bound = "backends of the configuration";

/** A gauge of each backend. */
function ofBackend(name: string, help: string, value: (backend: Backend) => number | null): Metric {
  return labelled({
    name,
    type: "gauge",
    labels: ["backend"],
    help,
    bound,
    series: ({ snapshot }) => snapshot.backends.map((row) => [{ backend: row.name }, value(row)]),
  });
}

function ofBreaker(name: string, help: string, value: (breaker: Breaker) => number): Metric {
  return labelled({
    name,
    type: "gauge",
    labels: ["backend"],
    help,
    bound,
    series: ({ snapshot }) => snapshot.breakers.map((row) => [{ backend: row.name }, value(row)]),
  });
}

/** Servers of a client, and endpoints of a server's services. */
export const backendMetrics: readonly Metric[] = [
  labelled({
    name: "backend_state",
    type: "gauge",
    labels: ["backend", "state"],
    help: "1 for the operational state that the backend is in.",
    bound: "4 states of each backend",
    series: ({ snapshot }) =>
      snapshot.backends.flatMap((row) => oneHot({ backend: row.name }, operational, row.operational)),
  }),
  labelled({
    name: "backend_admin_state",
    type: "gauge",
    labels: ["backend", "state"],
    help: "1 for what the operator wants of the backend.",
    bound: "3 states of each backend",
    series: ({ snapshot }) => snapshot.backends.flatMap((row) => oneHot({ backend: row.name }, admin, row.admin)),
  }),
  ofBackend("backend_current", "1 for the server that the session is on.", (row) => (row.current ? 1 : 0)),
  ofBackend("backend_connections", "Links or connections of the backend.", (row) => row.connections),
  ofBackend("backend_weight", "Weight as configured or pinned.", (row) => row.weight),
  ofBackend("backend_effective_weight", "Weight that the balancer works with.", (row) => row.effective_weight),
  ofBackend("backend_rtt_seconds", "Average round trip; absent before the first.", (row) =>
    row.rtt_ms === null ? null : row.rtt_ms / 1000,
  ),
  ofBackend("backend_failures", "Failed calls and checks in a row.", (row) => row.failures),
  labelled({
    name: "breaker_state",
    type: "gauge",
    labels: ["backend", "state"],
    help: "1 for the state of the backend's circuit breaker.",
    bound: "6 states of each backend",
    series: ({ snapshot }) =>
      snapshot.breakers.flatMap((row) => oneHot({ backend: row.name }, breakerStates, row.state)),
  }),
  ofBreaker("breaker_failure_ratio", "Failed calls of the breaker's window.", (row) => row.failure_rate / 100),
  ofBreaker("breaker_slow_ratio", "Slow calls of the breaker's window.", (row) => row.slow_rate / 100),
  ofBreaker("breaker_window_calls", "Calls in the breaker's window.", (row) => row.calls),
];
