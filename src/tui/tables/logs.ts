import type { LogLevel, LogLine } from "../../shared/control/log-line.ts";
import { timeOfDay } from "../draw/format.ts";
import { seg, type Tone } from "../draw/line.ts";
import { drawable } from "../draw/text.ts";
import { defineTable, type Table } from "./table.ts";

const levels: Record<LogLevel, Tone> = {
  trace: "faint",
  debug: "faint",
  info: "text",
  warn: "warn",
  error: "critical",
  fatal: "critical",
};

function factsOf({ facts }: LogLine): string {
  return Object.entries(facts)
    .map(([key, value]) => `${key}=${value}`)
    .join(" ");
}

export const logs: Table = defineTable<LogLine>({
  name: "logs",
  title: "Log",
  short: "Log",
  noun: "line",
  sort: { column: "seq", descending: true },
  rows: (_snapshot, log) => log,
  id: (row) => String(row.seq),
  label: (row) => `line ${row.seq}`,
  words: (row) => [row.level, row.code, row.message, factsOf(row)].join(" "),
  fields: { level: (row) => row.level },
  columns: [
    {
      key: "seq",
      title: "SEQ",
      min: 6,
      max: 7,
      priority: 4,
      right: true,
      cell: (row) => seg(String(row.seq), "faint"),
      order: (row) => row.seq,
      descending: true,
    },
    { key: "time", title: "TIME", min: 8, max: 8, priority: 0, cell: (row) => seg(timeOfDay(row.time_ms), "dim") },
    { key: "level", title: "LEVEL", min: 5, max: 5, priority: 1, cell: (row) => seg(row.level, levels[row.level]) },
    {
      key: "code",
      title: "CODE",
      min: 18,
      max: 24,
      priority: 2,
      cell: (row) => seg(drawable(row.code), "strong"),
      order: (row) => row.code,
    },
    {
      key: "message",
      title: "MESSAGE",
      min: 20,
      max: 90,
      priority: 0,
      cell: (row) => seg(drawable(row.message), levels[row.level]),
    },
    { key: "facts", title: "FACTS", min: 20, max: 120, priority: 5, cell: (row) => seg(drawable(factsOf(row)), "dim") },
  ],
});
