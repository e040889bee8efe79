import type { AdminState, BreakerState, OperationalState } from "../../../shared/control/snapshot.ts";
import { type Metric, ofRows } from "../metric.ts";

const operational: readonly OperationalState[] = ["up", "down", "starting", "stopping"];
const admin: readonly AdminState[] = ["ready", "drain", "maint"];
const breakerStates: readonly BreakerState[] = ["closed", "open", "half-open", "forced-open", "disabled", "observe"];

const backend = ofRows("backend", ({ backends }) => backends);
const breaker = ofRows("backend", ({ breakers }) => breakers);

/** Servers of a client, and endpoints of a server's services. */
export const backendMetrics: readonly Metric[] = [
  backend.state(
    "backend_state",
    "1 for the operational state that the backend is in.",
    operational,
    (row) => row.operational,
  ),
  backend.state("backend_admin_state", "1 for what the operator wants of the backend.", admin, (row) => row.admin),
  backend.gauge("backend_current", "1 for the server that the session is on.", (row) => (row.current ? 1 : 0)),
  backend.gauge("backend_connections", "Links or connections of the backend.", (row) => row.connections),
  backend.gauge("backend_weight", "Weight as configured or pinned.", (row) => row.weight),
  backend.gauge("backend_effective_weight", "Weight that the balancer works with.", (row) => row.effective_weight),
  backend.gauge("backend_rtt_seconds", "Average round trip; absent before the first.", (row) =>
    row.rtt_ms === null ? null : row.rtt_ms / 1000,
  ),
  backend.gauge("backend_failures", "Failed calls and checks in a row.", (row) => row.failures),
  breaker.state(
    "breaker_state",
    "1 for the state of the backend's circuit breaker.",
    breakerStates,
    (row) => row.state,
  ),
  breaker.gauge("breaker_failure_ratio", "Failed calls of the breaker's window.", (row) => row.failure_rate / 100),
  breaker.gauge("breaker_slow_ratio", "Slow calls of the breaker's window.", (row) => row.slow_rate / 100),
  breaker.gauge("breaker_window_calls", "Calls in the breaker's window.", (row) => row.calls),
];
