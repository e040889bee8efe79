import type { DaemonEvent } from "../../shared/control/snapshot.ts";
import type { Glyphs } from "../draw/glyphs.ts";
import { seg, type Segment, type Tone } from "../draw/line.ts";
import { drawable } from "../draw/text.ts";
import { inOrder, label } from "./columns.ts";
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
    ...inOrder<DaemonEvent>(),
    {
      key: "sign",
      title: "",
      min: 1,
      max: 1,
      priority: 1,
      cell: (row, { glyphs }) => severitySign(row.severity, glyphs),
    },
    label(["code", "EVENT", 20, 26, 1], (row) => row.code, "strong"),
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
