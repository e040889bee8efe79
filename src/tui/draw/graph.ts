import type { Glyphs } from "./glyphs.ts";

/** One value a second, oldest first; null is a gap: nobody measured then. */
export type Series = readonly (number | null)[];

/** Highest value, or 0 when there is none. */
export function peak(series: Series): number {
  return series.reduce<number>((most, value) => Math.max(most, value ?? 0), 0);
}

/** A stretch that nobody measured. */
export function gap(count: number): null[] {
  return Array.from({ length: Math.max(0, count) }, () => null);
}

/** The last `count` values, with gaps in front where there are fewer. */
export function last(series: Series, count: number): Series {
  const tail = series.slice(Math.max(0, series.length - count));
  return tail.length === count ? tail : [...gap(count - tail.length), ...tail];
}

function quantize(value: number, top: number, steps: number): number {
  if (value <= 0 || top <= 0) return 0;
  return Math.max(1, Math.min(steps, Math.round((value / top) * steps)));
}

/** A graph one line high: a cell a value, blank where there is a gap, the lowest sign for nothing. */
export function sparkline(series: Series, columns: number, top: number, glyphs: Glyphs): string {
  const levels = glyphs.levels;
  return last(series, columns)
    .map((value) => (value === null ? " " : (levels[quantize(value, top, levels.length - 1)] ?? " ")))
    .join("");
}

/** Dots of a braille cell (Unicode 2800-28FF), from the bottom up: left column, right column. */
const leftDots = [0x40, 0x04, 0x02, 0x01];
const rightDots = [0x80, 0x20, 0x10, 0x08];

function dotsOf(value: number | null, height: number, row: number, top: number, bits: readonly number[]): number {
  if (value === null) return 0;
  const filled = Math.max(1, quantize(value, top, height * 4)) - row * 4;
  return bits.reduce((mask, bit, dot) => (dot < filled ? mask | bit : mask), 0);
}

function brailleRow(values: Series, height: number, row: number, top: number): string {
  let text = "";
  for (let at = 0; at < values.length; at += 2) {
    const dots =
      dotsOf(values[at] ?? null, height, row, top, leftDots) |
      dotsOf(values[at + 1] ?? null, height, row, top, rightDots);
    text += dots === 0 ? " " : String.fromCharCode(0x2800 + dots);
  }
  return text;
}

function levelRow(values: Series, height: number, row: number, top: number, glyphs: Glyphs): string {
  const steps = glyphs.levels.length;
  return values
    .map((value) => {
      if (value === null) return " ";
      const filled = Math.max(row === 0 ? 1 : 0, quantize(value, top, height * steps)) - row * steps;
      return filled <= 0 ? " " : (glyphs.levels[Math.min(filled, steps) - 1] ?? " ");
    })
    .join("");
}

/** A filled graph of `columns` by `height` cells, top line first: braille (two seconds a cell), else one a cell. */
export function graph(series: Series, columns: number, height: number, top: number, glyphs: Glyphs): string[] {
  const perCell = glyphs.ascii ? 1 : 2;
  const values = last(series, columns * perCell);
  return Array.from({ length: height }, (_, line) => {
    const row = height - 1 - line;
    return glyphs.ascii ? levelRow(values, height, row, top, glyphs) : brailleRow(values, height, row, top);
  });
}
