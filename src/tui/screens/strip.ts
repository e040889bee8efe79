import type { Snapshot } from "../../shared/control/snapshot.ts";
import { rule } from "../draw/box.ts";
import { count, timeOfDay } from "../draw/format.ts";
import type { Glyphs } from "../draw/glyphs.ts";
import { fit, type Line, seg, width } from "../draw/line.ts";
import { cut, drawable } from "../draw/text.ts";
import { severitySign } from "../tables/events.ts";

/** Cells of a code, and the columns from which on there is room for it beside the message. */
const [codeCells, codesFrom] = [22, 72] as const;

function eventLine(event: Snapshot["events"][number], columns: number, glyphs: Glyphs): Line {
  const code = cut(drawable(event.code), codeCells, glyphs.cut).padEnd(codeCells);
  const head: Line = [
    seg(`  ${timeOfDay(event.time_ms)} `, "dim"),
    severitySign(event.severity, glyphs),
    seg(columns < codesFrom ? " " : ` ${code} `, "dim"),
  ];
  const message = cut(drawable(event.message), Math.max(0, columns - width(head) - 1), glyphs.cut);
  return fit([...head, seg(message, event.severity === "info" ? "text" : "warn")], columns);
}

function droppedRemark(snapshot: Snapshot): Line {
  const total = Object.values(snapshot.status.dropped).reduce((sum, n) => sum + n, 0);
  return total === 0 ? [] : [seg(` dropped ${count(total)} packets `, "warn")];
}

/** The newest events under a rule, newest last, in `height` lines. */
export function stripLines(snapshot: Snapshot, height: number, columns: number, glyphs: Glyphs): Line[] {
  if (height < 2) return [];
  const lines = snapshot.events.slice(-(height - 1)).map((event) => eventLine(event, columns, glyphs));
  while (lines.length < height - 1) lines.push([]);
  return [rule([seg(" events ", "dim")], droppedRemark(snapshot), columns, glyphs), ...lines];
}
