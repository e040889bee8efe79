import type { LogLevel, LogLine } from "../../shared/control/log-line.ts";
import { seg, type Tone } from "../draw/line.ts";
import { drawable } from "../draw/text.ts";
import { inOrder, label } from "./columns.ts";
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
    ...inOrder<LogLine>(),
    { key: "level", title: "LEVEL", min: 5, max: 5, priority: 1, cell: (row) => seg(row.level, levels[row.level]) },
    label(["code", "CODE", 18, 24, 2], (row) => row.code, "strong"),
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
