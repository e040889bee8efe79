import { dropReasons } from "../../src/daemon/metrics/counters.ts";
import type { MetricsView } from "../../src/daemon/metrics/view.ts";
import { aBucket, aService, aSnapshot } from "../fakes/snapshot.ts";

const aReload = { time_ms: 1_800_000_000_500, trigger: "signal", result: "failed", message: "no" } as const;

/** A view with something in every place, so that each metric has a value. */
export function aView(fields: Partial<MetricsView> = {}): MetricsView {
  const snapshot = aSnapshot();
  return {
    snapshot: {
      ...snapshot,
      status: {
        ...snapshot.status,
        last_reload: aReload,
        resources: { ...snapshot.status.resources, most_memory_bytes: 256 * 1024 ** 2 },
      },
      buckets: [
        aBucket("global/up", { scope: "global", direction: "up" }),
        aBucket("session/s1/up", { scope: "connection", direction: "up" }),
      ],
      services: [aService("db", { max_connections: 100 })],
    },
    drops: Object.fromEntries(
      Object.entries(dropReasons).map(([reason, { side }], at) => [reason, { side, count: at }] as const),
    ),
    refused: { not_tls: 3, certificate_revoked: 0 },
    sessionsRefused: { denied: 2, not_here: 0 },
    events: { link_up: 7, link_down: 5, session_refused: 2, handshake_refused: 3 },
    eventsSuppressed: 4,
    queuedBytes: 4096,
    log: { written: 100, lost: 1 },
    loops: {
      main: { worst: 0.004, utilization: 0.1, resources: 12 },
      "data-1": { worst: 0.002, utilization: 0.7, resources: 9 },
    },
    process: {
      cpuSeconds: 12.5,
      residentBytes: 90_000_000,
      privateBytes: 45_000_000,
      heapBytes: 20_000_000,
      openDescriptors: 30,
      mostDescriptors: 1024,
      mostMemoryBytes: null,
    },
    identities: [{ identity: "laptop-ann", connections: 1, rx: 10, tx: 20 }],
    ...fields,
  };
}
