import type { AdminState, Backend, OperationalState } from "../../shared/control/snapshot.ts";
import { count, roundTrip, span } from "../draw/format.ts";
import { seg, type Tone } from "../draw/line.ts";
import { drawable } from "../draw/text.ts";
import { breakerStates } from "./breaker-states.ts";
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
    {
      key: "name",
      title: "NAME",
      min: 12,
      max: 18,
      priority: 0,
      cell: (row) => seg(drawable(row.name), "strong"),
      order: (row) => row.name,
    },
    {
      key: "address",
      title: "ADDRESS",
      min: 21,
      max: 34,
      priority: 6,
      cell: (row) => seg(drawable(row.address)),
      order: (row) => row.address,
    },
    {
      key: "admin",
      title: "ADMIN",
      min: 6,
      max: 6,
      priority: 0,
      cell: (row) => seg(row.admin, admins[row.admin]),
      order: (row) => row.admin,
    },
    {
      key: "state",
      title: "STATE",
      min: 8,
      max: 8,
      priority: 0,
      cell: (row) => seg(row.operational, operationals[row.operational]),
      order: (row) => row.operational,
    },
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
      key: "priority",
      title: "PRIO",
      min: 5,
      max: 5,
      priority: 7,
      right: true,
      cell: (row) => seg(String(row.priority), "dim"),
      order: (row) => row.priority,
    },
    {
      key: "weight",
      title: "WEIGHT",
      min: 8,
      max: 8,
      priority: 1,
      right: true,
      cell: (row) => seg(weight(row), row.weight_pinned || row.effective_weight < row.weight ? "warn" : "text"),
      order: (row) => row.effective_weight,
      descending: true,
    },
    {
      key: "load",
      title: "CONNS",
      min: 6,
      max: 7,
      priority: 1,
      right: true,
      cell: (row) => seg(count(row.connections)),
      order: (row) => row.connections,
      descending: true,
    },
    {
      key: "rtt",
      title: "RTT ms",
      min: 7,
      max: 7,
      priority: 3,
      right: true,
      cell: (row, { glyphs }) => seg(roundTrip(row.rtt_ms, glyphs.none)),
      order: (row) => row.rtt_ms ?? -1,
      descending: true,
    },
    {
      key: "failures",
      title: "FAILS",
      min: 6,
      max: 6,
      priority: 5,
      right: true,
      cell: (row) => seg(count(row.failures), row.failures > 0 ? "warn" : "faint"),
      order: (row) => row.failures,
      descending: true,
    },
    {
      key: "since",
      title: "SINCE",
      min: 6,
      max: 6,
      priority: 5,
      right: true,
      cell: (row) => seg(span(row.since_seconds), "dim"),
      order: (row) => row.since_seconds,
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
