/** Kinds of columns that several tables have. */
import { count, rate, timeOfDay } from "../draw/format.ts";
import { seg, type Segment, type Tone } from "../draw/line.ts";
import { drawable } from "../draw/text.ts";
import type { CellContext, Column } from "./table.ts";

/** Key, title, narrowest and widest cells, and priority of a column. */
type Head = readonly [key: string, title: string, min: number, max: number, priority: number];

/** A number at the right edge of its column, the largest first when it is sorted by. */
export function figure<Row>(
  [key, title, min, max, priority]: Head,
  order: (row: Row) => number,
  cell: (row: Row, draw: CellContext) => Segment,
): Column<Row> {
  return { key, title, min, max, priority, right: true, order, cell, descending: true };
}

/** A text from outside, sorted by what it says. */
export function label<Row>(
  [key, title, min, max, priority]: Head,
  order: (row: Row) => string,
  tone: Tone | ((row: Row) => Tone) = "text",
): Column<Row> {
  const toneOf = typeof tone === "string" ? (): Tone => tone : tone;
  return { key, title, min, max, priority, order, cell: (row) => seg(drawable(order(row)), toneOf(row)) };
}

/** A count of what should not happen. */
export function trouble(value: number): Segment {
  return seg(count(value), value > 0 ? "warn" : "faint");
}

/** Bits a second of one direction. */
export function speed(bps: number, tone: "rx" | "tx"): Segment {
  return seg(rate(bps), bps < 1 ? "faint" : tone);
}

/** Number and time of day of what comes one after the other; the newest has the highest number. */
export function inOrder<Row extends { readonly seq: number; readonly time_ms: number }>(): Column<Row>[] {
  return [
    figure(
      ["seq", "SEQ", 6, 7, 4],
      ({ seq }) => seq,
      ({ seq }) => seg(String(seq), "faint"),
    ),
    {
      key: "time",
      title: "TIME",
      min: 8,
      max: 8,
      priority: 0,
      cell: ({ time_ms }) => seg(timeOfDay(time_ms), "dim"),
    },
  ];
}
