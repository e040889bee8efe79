import type { Snapshot } from "../../shared/control/snapshot.ts";
import { gap, type Series } from "../draw/graph.ts";

/** Seconds that a connection's trend looks back. */
export const trendSeconds = 60;

/** Traffic of each connection (both directions, bits a second), a value a second as far as this console watched. */
export interface Trends {
  /** Unix second of the newest value. */
  readonly second: number;
  readonly byId: ReadonlyMap<string, Series>;
}

export const noTrends: Trends = { second: 0, byId: new Map() };

/**
 * The trends with one more snapshot, the first of a second: seconds that nobody watched are gaps, connections that are
 * gone are forgotten.
 */
export function record(trends: Trends, snapshot: Snapshot): Trends {
  const second = Math.floor(snapshot.time_ms / 1000);
  const passed = second - trends.second;
  if (passed === 0) return trends;
  const old = passed < 0 || passed > trendSeconds ? noTrends.byId : trends.byId;
  const byId = new Map<string, Series>();
  for (const { id, rx_bps, tx_bps } of snapshot.connections) {
    const before = old.get(id) ?? [];
    const series = before.slice(Math.max(0, before.length + passed - trendSeconds));
    if (before.length > 0) for (let unseen = 1; unseen < passed; unseen += 1) series.push(null);
    series.push(rx_bps + tx_bps);
    byId.set(id, series);
  }
  return { second, byId };
}

/** A connection's trend as it was at a second. */
export function trendAt(trends: Trends, id: string, time_ms: number): Series {
  const series = trends.byId.get(id) ?? [];
  const later = trends.second - Math.floor(time_ms / 1000);
  return later <= 0 ? series : series.slice(0, Math.max(0, series.length - later));
}

/** The daemon's history as one value a second up to its newest point; seconds without a point are gaps. */
export function historySeries(
  snapshot: Snapshot,
  seconds: number,
  value: (point: Snapshot["history"][number]) => number,
): Series {
  const newest = snapshot.history.at(-1);
  if (newest === undefined) return [];
  const end = Math.floor(newest.time_ms / 1000);
  const series: (number | null)[] = gap(seconds);
  for (let at = snapshot.history.length - 1; at >= 0; at--) {
    const point = snapshot.history[at];
    if (point === undefined) break;
    const back = end - Math.floor(point.time_ms / 1000);
    if (back >= seconds) break;
    if (back >= 0) series[seconds - 1 - back] = value(point);
  }
  return series;
}
