import type { Backend } from "../../shared/control/snapshot.ts";
import { rateLong } from "../draw/format.ts";
import { fit, type Line, seg } from "../draw/line.ts";
import { drawable } from "../draw/text.ts";
import type { State } from "../model/state.ts";
import { freshness } from "./title.ts";

function backendFact(rows: readonly Backend[]): string {
  const up = rows.filter(({ operational }) => operational === "up").length;
  return `${up} of ${rows.length} backends up`;
}

/** Screens below 60x12: one fact a line, alerts first. */
export function smallLines(state: State): Line[] {
  const { snapshot, columns, rows } = state;
  const facts: Line[] = [[freshness(state)]];
  if (snapshot !== undefined) {
    const { status, history, connections, sessions, backends, breakers, events } = snapshot;
    const newest = history.at(-1);
    facts.push(
      ...status.alerts.map((alert): Line => [seg(drawable(`${alert.severity}: ${alert.message}`), "warn")]),
      [seg(drawable(`${status.name} ${status.mode} ${status.state}`), "strong")],
      [seg(`rx ${newest === undefined ? "?" : rateLong(newest.rx_bps)}`, "rx")],
      [seg(`tx ${newest === undefined ? "?" : rateLong(newest.tx_bps)}`, "tx")],
      [seg(`${connections.length} connections`)],
      [seg(`${sessions.length} sessions`)],
      ...(backends.length === 0 ? [] : [[seg(backendFact(backends))]]),
      ...breakers
        .filter(({ state }) => state !== "closed")
        .map((row): Line => [seg(drawable(`breaker ${row.name} ${row.state}`), "warn")]),
      [seg(drawable(events.at(-1)?.message ?? ""), "dim")],
    );
  }
  const shown = facts.slice(0, Math.max(0, rows - 1));
  while (shown.length < rows - 1) shown.push([]);
  return [...shown, [seg("q quit", "dim")]].map((line) => fit(line, columns)).slice(0, rows);
}
