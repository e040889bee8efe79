import type { BreakerState, DaemonEvent, Snapshot } from "../../shared/control/snapshot.ts";

/** A breaker's state in each part of the last minutes, oldest first; null where the events don't reach back. */
export type BreakerStrip = readonly (BreakerState | null)[];

/** Seconds that a strip looks back. */
export const stripSeconds = 300;

const known: ReadonlySet<string> = new Set<BreakerState>([
  "closed",
  "open",
  "half-open",
  "forced-open",
  "disabled",
  "observe",
]);

function stateOf(value: string | number | undefined): BreakerState | null {
  return typeof value === "string" && known.has(value) ? (value as BreakerState) : null;
}

/**
 * Made of the daemon's events, so that it also shows what happened before this console connected. The worst state of a
 * part counts: a breaker that was open for a second was open.
 */
export function breakerStrip(snapshot: Snapshot, name: string, cells: number): BreakerStrip {
  const row = snapshot.breakers.find((breaker) => breaker.name === name);
  if (row === undefined) return Array.from({ length: cells }, () => null);
  const changes = snapshot.events.filter(({ code, facts }) => code === "breaker_changed" && facts["backend"] === name);
  const from = snapshot.time_ms - stripSeconds * 1000;
  const width = (stripSeconds * 1000) / cells;
  const reaches = snapshot.events.length < 200 || (snapshot.events[0]?.time_ms ?? 0) <= from;
  return Array.from({ length: cells }, (_, cell) => {
    const start = from + cell * width;
    const inside = changes.filter(({ time_ms }) => time_ms > start && time_ms <= start + width);
    const before = stateBefore(changes, start, row.state);
    const start_known = reaches || (snapshot.events[0]?.time_ms ?? 0) <= start;
    const states = [start_known ? before : null, ...inside.map(({ facts }) => stateOf(facts["to"]))];
    return states.reduce((worst, state) => (badness(state) > badness(worst) ? state : worst), null);
  });
}

/** The state at a time: what the last change before led to, or what the first change after it came from. */
function stateBefore(changes: readonly DaemonEvent[], time_ms: number, now: BreakerState): BreakerState | null {
  const earlier = changes.findLast((change) => change.time_ms <= time_ms);
  if (earlier !== undefined) return stateOf(earlier.facts["to"]);
  const later = changes[0];
  return later === undefined ? now : stateOf(later.facts["from"]);
}

const order: readonly (BreakerState | null)[] = [
  null,
  "closed",
  "observe",
  "disabled",
  "half-open",
  "open",
  "forced-open",
];

function badness(state: BreakerState | null): number {
  return order.indexOf(state);
}
