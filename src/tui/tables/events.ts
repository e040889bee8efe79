import type { DaemonEvent } from "../../shared/control/snapshot.ts";
import { timeOfDay } from "../draw/format.ts";
import type { Glyphs } from "../draw/glyphs.ts";
import { seg, type Segment, type Tone } from "../draw/line.ts";
import { drawable } from "../draw/text.ts";
import { defineTable, type Table } from "./table.ts";

const tones: Record<DaemonEvent["severity"], Tone> = { info: "text", warning: "warn", critical: "critical" };

/** Sign and tone of a severity: colour is never the only sign. */
export function severitySign(severity: DaemonEvent["severity"], glyphs: Glyphs): Segment {
  return severity === "info" ? seg(glyphs.info, "faint") : seg(glyphs[severity], tones[severity]);
}

export const events: Table = defineTable<DaemonEvent>({
  name: "events",
  title: "Events",
  short: "Event",
  noun: "event",
  sort: { column: "seq", descending: true },
  rows: (snapshot) => snapshot.events,
  id: (row) => String(row.seq),
  label: (row) => `event ${row.seq}`,
  words: (row) => [row.code, row.severity, row.message, ...Object.values(row.facts)].join(" "),
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
    {
      key: "time",
      title: "TIME",
      min: 8,
      max: 8,
      priority: 0,
      cell: (row) => seg(timeOfDay(row.time_ms), "dim"),
    },
    {
      key: "sign",
      title: "",
      min: 1,
      max: 1,
      priority: 1,
      cell: (row, { glyphs }) => severitySign(row.severity, glyphs),
    },
    {
      key: "code",
      title: "EVENT",
      min: 20,
      max: 26,
      priority: 1,
      cell: (row) => seg(drawable(row.code), "strong"),
      order: (row) => row.code,
    },
    {
      key: "message",
      title: "MESSAGE",
      min: 20,
      max: 200,
      priority: 0,
      cell: (row) => seg(drawable(row.message), row.severity === "info" ? "text" : "warn"),
    },
  ],
});
