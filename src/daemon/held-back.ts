import type { Breaker, BreakerState, Connection } from "../shared/control/snapshot.ts";

const shut: ReadonlySet<BreakerState> = new Set(["open", "half-open", "forced-open"]);

/** The connections, those that nothing else holds back with the breaker of their backend when it admits no new traffic. */
export function heldBackBy(breakers: readonly Breaker[], connections: Connection[]): Connection[] {
  const names = new Set(breakers.filter(({ state }) => shut.has(state)).map(({ name }) => name));
  if (names.size === 0) return connections;
  return connections.map((row) =>
    row.limited_by === "nothing" && names.has(row.backend) ? { ...row, limited_by: "breaker" } : row,
  );
}
