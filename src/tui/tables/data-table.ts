/** The table's drawing: which columns fit, its header, and one line a row. */
import type { Glyphs } from "../draw/glyphs.ts";
import { fit, type Line, retone, seg, type Segment } from "../draw/line.ts";
import { cut } from "../draw/text.ts";
import type { CellContext, ColumnHead, Sort, TableRow } from "./table.ts";

export interface PlacedColumn {
  readonly head: ColumnHead;
  readonly columns: number;
}

/** Cells in front of the first column: the cursor and a blank. */
const marginCells = 2;

function gapFor(columns: number): number {
  return columns < 110 ? 1 : 2;
}

/**
 * The columns that fit into `columns` cells and how wide each is. It depends on the screen's width alone, never on
 * the rows, so columns stay where they are when rows come and go.
 */
export function placeColumns(heads: readonly ColumnHead[], columns: number): PlacedColumn[] {
  const gap = gapFor(columns);
  let room = columns - marginCells;
  const chosen = new Map<ColumnHead, number>();
  for (const head of heads.toSorted((a, b) => a.priority - b.priority)) {
    const needed = head.min + (chosen.size === 0 ? 0 : gap);
    if (needed > room) continue;
    chosen.set(head, head.min);
    room -= needed;
  }
  for (const [head, width] of chosen) {
    const grown = Math.min(room, head.max - head.min);
    chosen.set(head, width + grown);
    room -= grown;
  }
  return heads.flatMap((head) => {
    const width = chosen.get(head);
    return width === undefined ? [] : [{ head, columns: width }];
  });
}

function aligned(cell: Segment, { head, columns }: PlacedColumn, glyphs: Glyphs): Segment {
  const text = cut(cell.text, columns, glyphs.cut);
  return seg(head.right ? text.padStart(columns) : text.padEnd(columns), cell.tone);
}

function joined(cells: readonly Segment[], margin: Line, columns: number): Line {
  const gap = seg(" ".repeat(gapFor(columns)));
  return fit([...margin, ...cells.flatMap((cell, at) => (at === 0 ? [cell] : [gap, cell]))], columns);
}

export function headerLine(placed: readonly PlacedColumn[], sort: Sort, columns: number, glyphs: Glyphs): Line {
  const cells = placed.map((column) => {
    if (column.head.key !== sort.column) return aligned(seg(column.head.title, "dim"), column, glyphs);
    const sign = sort.descending ? glyphs.down : glyphs.up;
    const title = cut(column.head.title, column.columns - 1, "");
    return aligned(seg(column.head.right ? sign + title : title + sign, "key"), column, glyphs);
  });
  return joined(cells, [seg("  ")], columns);
}

export interface RowLook {
  readonly selected: boolean;
  /** The row's object is gone; it stays in place, without its numbers, until the selection moves on. */
  readonly gone: boolean;
  readonly marked: boolean;
}

export function rowLine(
  row: TableRow,
  placed: readonly PlacedColumn[],
  look: RowLook,
  columns: number,
  draw: Pick<CellContext, "glyphs" | "trends" | "snapshot">,
): Line {
  const cells = placed.map((column) => {
    const cell = row.cell(column.head.key, { ...draw, columns: column.columns });
    return aligned(look.gone && column.head.right ? seg("gone") : cell, column, draw.glyphs);
  });
  const mark = look.marked ? seg(draw.glyphs.mark, "key") : row.own ? seg(draw.glyphs.own, "warn") : seg(" ");
  const line = joined(cells, [look.selected ? seg(draw.glyphs.cursor, "key") : seg(" "), mark], columns);
  if (look.gone) return retone(line, "faint");
  return look.selected ? retone(line, "selected") : line;
}
