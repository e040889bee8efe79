/**
 * What a screen is made of: lines of toned segments. Every character in a segment takes exactly one cell
 * (drawable() sees to that for text that comes from outside), so a width is a length.
 */

export type Tone =
  | "text"
  | "strong"
  | "dim"
  | "faint"
  | "rx"
  | "tx"
  | "good"
  | "warn"
  | "critical"
  | "key"
  | "selected"
  | "button"
  | "banner";

export interface Segment {
  readonly text: string;
  readonly tone: Tone;
}

export type Line = readonly Segment[];

export function seg(text: string, tone: Tone = "text"): Segment {
  return { text, tone };
}

/** Cells that a line takes. */
export function width(line: Line): number {
  return line.reduce((sum, part) => sum + part.text.length, 0);
}

/** The cells of a line from `from` up to, not including, `to`. */
export function slice(line: Line, from: number, to: number): Line {
  const out: Segment[] = [];
  let at = 0;
  for (const part of line) {
    const text = part.text.slice(Math.max(0, from - at), Math.max(0, to - at));
    if (text !== "") out.push({ text, tone: part.tone });
    at += part.text.length;
  }
  return out;
}

/** Exactly `columns` cells: cut or filled with blanks. */
export function fit(line: Line, columns: number, fill: Tone = "text"): Line {
  const cells = width(line);
  if (cells > columns) return slice(line, 0, columns);
  return cells === columns ? line : [...line, seg(" ".repeat(columns - cells), fill)];
}

/** `left` and, flush right, `right`; when both do not fit, `left` is cut and `right` stays. */
export function spread(left: Line, right: Line, columns: number): Line {
  const room = columns - width(right);
  if (room <= 0) return fit(right, columns);
  return [...fit(left, room), ...right];
}

/** All of a line in one tone. */
export function retone(line: Line, tone: Tone): Line {
  return [seg(line.map((part) => part.text).join(""), tone)];
}

/** Panels side by side, each cut or filled to its width; the tallest gives the height. */
export function beside(panels: readonly { readonly lines: readonly Line[]; readonly columns: number }[]): Line[] {
  const height = Math.max(0, ...panels.map((panel) => panel.lines.length));
  return Array.from({ length: height }, (_, row) =>
    panels.flatMap((panel) => fit(panel.lines[row] ?? [], panel.columns)),
  );
}

/** `box` drawn over the middle of `base`, which steps back; what does not fit is cut. */
export function overlay(base: readonly Line[], box: readonly Line[], columns: number): Line[] {
  const boxColumns = Math.min(columns, Math.max(0, ...box.map(width)));
  const top = Math.max(0, Math.floor((base.length - box.length) / 2));
  const left = Math.floor((columns - boxColumns) / 2);
  return base.map((line, row) => {
    const over = box[row - top];
    const back = retone(line, "faint");
    if (over === undefined) return back;
    return [...fit(slice(back, 0, left), left), ...fit(over, boxColumns), ...slice(back, left + boxColumns, columns)];
  });
}
