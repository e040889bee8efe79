import type { Breaker } from "../../shared/control/snapshot.ts";
import { count, span } from "../draw/format.ts";
import type { Glyphs } from "../draw/glyphs.ts";
import { seg, type Segment, type Tone } from "../draw/line.ts";
import { drawable } from "../draw/text.ts";
import { breakerStrip } from "../model/breaker-strip.ts";
import { stripCells } from "./breaker-cells.ts";
import { breakerStates } from "./breaker-states.ts";
import { figure, label } from "./columns.ts";
import { defineTable, type Table } from "./table.ts";

function percent(rate: number, calls: number, glyphs: Glyphs): Segment {
  return calls === 0 ? seg(glyphs.none, "faint") : seg(`${Math.round(rate)}%`, rate >= 50 ? "warn" : "text");
}

function orNone(text: string | null, tone: Tone, glyphs: Glyphs): Segment {
  return text === null ? seg(glyphs.none, "faint") : seg(text, tone);
}

function words(cause: string | null): string | null {
  return cause === null ? null : drawable(cause).replaceAll("_", " ");
}

export const breakers: Table = defineTable<Breaker>({
  name: "breakers",
  title: "Breakers",
  short: "Break",
  noun: "breaker",
  sort: { column: "name", descending: false },
  rows: (snapshot) => snapshot.breakers,
  id: (row) => row.name,
  label: (row) => `breaker ${row.name}`,
  offer: (row) => (row.state === "closed" || row.state === "observe" ? "open_breaker" : "reset_breaker"),
  words: (row) => [row.name, row.state, row.cause ?? "", row.last_cause ?? ""].join(" "),
  columns: [
    label(["name", "NAME", 12, 18, 0], (row) => row.name, "strong"),
    {
      key: "state",
      title: "STATE",
      min: 8,
      max: 8,
      priority: 0,
      cell: (row) => seg(...breakerStates[row.state]),
      order: (row) => row.state,
    },
    {
      key: "cause",
      title: "CAUSE",
      min: 20,
      max: 24,
      priority: 1,
      cell: (row, { glyphs }) => orNone(words(row.cause), row.state === "closed" ? "dim" : "warn", glyphs),
      order: (row) => row.cause ?? "",
      descending: true,
    },
    figure(
      ["retry", "TRIES IN", 8, 8, 1],
      (row) => row.retry_in_ms ?? -1,
      (row, { glyphs }) =>
        orNone(row.retry_in_ms === null ? null : span(Math.ceil(row.retry_in_ms / 1000)), "warn", glyphs),
    ),
    figure(
      ["probes", "PROBES", 6, 6, 2],
      (row) => row.permits_left ?? -1,
      (row, { glyphs }) => orNone(row.permits_left === null ? null : count(row.permits_left), "warn", glyphs),
    ),
    figure(
      ["open", "OPEN", 6, 6, 3],
      (row) => row.opened_seconds ?? -1,
      (row, { glyphs }) => orNone(row.opened_seconds === null ? null : span(row.opened_seconds), "text", glyphs),
    ),
    figure(
      ["failed", "FAILED", 6, 6, 2],
      (row) => row.failure_rate,
      (row, { glyphs }) => percent(row.failure_rate, row.calls, glyphs),
    ),
    figure(
      ["slow", "SLOW", 5, 5, 3],
      (row) => row.slow_rate,
      (row, { glyphs }) => percent(row.slow_rate, row.calls, glyphs),
    ),
    figure(
      ["calls", "CALLS", 5, 7, 4],
      (row) => row.calls,
      (row) => seg(count(row.calls), "dim"),
    ),
    {
      key: "strip",
      title: "LAST 5 min",
      min: 30,
      max: 30,
      priority: 6,
      cell: (row, { snapshot, glyphs, columns }) => {
        const cells = stripCells(breakerStrip(snapshot, row.name, columns), glyphs);
        return seg(cells.map(({ text }) => text).join(""), breakerStates[row.state][1]);
      },
    },
    {
      key: "last",
      title: "LAST OPENED BY",
      min: 20,
      max: 24,
      priority: 5,
      cell: (row, { glyphs }) => orNone(words(row.last_cause), "dim", glyphs),
      order: (row) => row.last_cause ?? "",
      descending: true,
    },
  ],
});
