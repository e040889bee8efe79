import type { AdminState, Backend, OperationalState } from "../../shared/control/snapshot.ts";
import { count, roundTrip, span } from "../draw/format.ts";
import { seg, type Tone } from "../draw/line.ts";
import { drawable } from "../draw/text.ts";
import { breakerStates } from "./breaker-states.ts";
import { figure, label, trouble } from "./columns.ts";
import { defineTable, type Table } from "./table.ts";

const admins: Record<AdminState, Tone> = { ready: "good", drain: "warn", maint: "warn" };
const operationals: Record<OperationalState, Tone> = {
  up: "good",
  down: "critical",
  starting: "warn",
  stopping: "warn",
};

/** The weight in effect of the configured one; `!` marks one that an operator pinned. */
function weight(row: Backend): string {
  return `${Math.round(row.effective_weight)}/${row.weight}${row.weight_pinned ? "!" : " "}`;
}

export const backends: Table = defineTable<Backend>({
  name: "backends",
  title: "Backends",
  short: "Back",
  noun: "backend",
  sort: { column: "name", descending: false },
  rows: (snapshot) => snapshot.backends,
  id: (row) => row.name,
  label: (row) => `backend ${row.name}`,
  offer: (row) => (row.admin === "ready" ? "drain" : "ready"),
  words: (row) =>
    [
      row.name,
      row.address,
      row.admin,
      row.operational,
      row.breaker,
      row.service ?? "",
      row.last_error ?? "",
      row.current ? "current" : "",
      row.weight_pinned ? "pinned" : "",
    ].join(" "),
  columns: [
    {
      key: "current",
      title: "",
      min: 1,
      max: 1,
      priority: 1,
      cell: (row, { glyphs }) => seg(row.current ? glyphs.live : "", "good"),
    },
    label(["name", "NAME", 12, 18, 0], (row) => row.name, "strong"),
    label(["address", "ADDRESS", 21, 34, 6], (row) => row.address),
    label(
      ["admin", "ADMIN", 6, 6, 0],
      (row) => row.admin,
      (row) => admins[row.admin],
    ),
    label(
      ["state", "STATE", 8, 8, 0],
      (row) => row.operational,
      (row) => operationals[row.operational],
    ),
    {
      key: "breaker",
      title: "BREAKER",
      min: 8,
      max: 8,
      priority: 2,
      cell: (row) => seg(...breakerStates[row.breaker]),
      order: (row) => row.breaker,
    },
    {
      ...figure<Backend>(
        ["priority", "PRIO", 5, 5, 7],
        (row) => row.priority,
        (row) => seg(String(row.priority), "dim"),
      ),
      descending: false,
    },
    figure(
      ["weight", "WEIGHT", 8, 8, 1],
      (row) => row.effective_weight,
      (row) => seg(weight(row), row.weight_pinned || row.effective_weight < row.weight ? "warn" : "text"),
    ),
    figure(
      ["load", "CONNS", 6, 7, 1],
      (row) => row.connections,
      (row) => seg(count(row.connections)),
    ),
    figure(
      ["rtt", "RTT ms", 7, 7, 3],
      (row) => row.rtt_ms ?? -1,
      (row, { glyphs }) => seg(roundTrip(row.rtt_ms, glyphs.none)),
    ),
    figure(
      ["failures", "FAILS", 6, 6, 5],
      (row) => row.failures,
      (row) => trouble(row.failures),
    ),
    {
      ...figure<Backend>(
        ["since", "SINCE", 6, 6, 5],
        (row) => row.since_seconds,
        (row) => seg(span(row.since_seconds), "dim"),
      ),
      descending: false,
    },
    {
      key: "error",
      title: "LAST ERROR",
      min: 11,
      max: 60,
      priority: 4,
      cell: (row, { glyphs }) =>
        row.last_error === null
          ? seg(glyphs.none, "faint")
          : seg(drawable(row.last_error), row.failures > 0 ? "warn" : "dim"),
      order: (row) => row.last_error ?? "",
      descending: true,
    },
  ],
});
