import type { HistoryPoint, Snapshot } from "../../shared/control/snapshot.ts";
import { box } from "../draw/box.ts";
import { bytes, count, rateLong } from "../draw/format.ts";
import type { Glyphs } from "../draw/glyphs.ts";
import { graph, peak, type Series, sparkline } from "../draw/graph.ts";
import { beside, fit, type Line, seg, type Segment, spread, type Tone } from "../draw/line.ts";
import { cut, drawable } from "../draw/text.ts";
import { historySeries } from "../model/trends.ts";

interface Direction {
  readonly name: string;
  readonly title: string;
  readonly tone: Tone;
  readonly rate: (point: HistoryPoint) => number;
  readonly total: (snapshot: Snapshot) => number;
}

const received: Direction = {
  name: "rx",
  title: "received",
  tone: "rx",
  rate: (point) => point.rx_bps,
  total: ({ status }) => status.rx_bytes,
};
const sent: Direction = {
  name: "tx",
  title: "sent",
  tone: "tx",
  rate: (point) => point.tx_bps,
  total: ({ status }) => status.tx_bytes,
};

/** Cells of a rate, right-aligned, so that what follows it stays in place: `212.4 Mb/s`. */
const rateCells = 10;

function now(snapshot: Snapshot, direction: Direction): string {
  const newest = snapshot.history.at(-1);
  return newest === undefined ? "" : rateLong(direction.rate(newest));
}

/** `rx  212 Mb/s ▁▂▅█`: the newest second and as many before it as fit. */
function strip(snapshot: Snapshot, direction: Direction, columns: number, glyphs: Glyphs): Line {
  const label = seg(` ${direction.name} `, "dim");
  const value = seg(`${now(snapshot, direction).padStart(rateCells)} `, direction.tone);
  const cells = Math.max(0, columns - 4 - rateCells - 2);
  const series = historySeries(snapshot, cells, direction.rate);
  return fit([label, value, seg(sparkline(series, cells, peak(series), glyphs), direction.tone)], columns);
}

function panel(snapshot: Snapshot, direction: Direction, columns: number, height: number, glyphs: Glyphs): Line[] {
  const inner = columns - 4;
  const seconds = glyphs.ascii ? inner : inner * 2;
  const series: Series = historySeries(snapshot, seconds, direction.rate);
  const top = peak(series);
  const title = [seg(direction.title, "strong"), seg(now(snapshot, direction).padStart(rateCells + 1), direction.tone)];
  const total = bytes(direction.total(snapshot)).padStart(8);
  const highest = `peak ${rateLong(top).padStart(rateCells - 1)}`;
  const remark = [seg(columns < totalFrom ? highest : `${highest}  total ${total}`, "dim")];
  const foot: [Line, Line] = [[seg(`${seconds} s ago`, "faint")], [seg("now", "faint")]];
  const lines = graph(series, inner, height - 2, top, glyphs).map((text) => [seg(" "), seg(text, direction.tone)]);
  const boxed = box({ title, remark, foot }, lines, columns, glyphs);
  const last = boxed.pop() ?? [];
  return [...boxed, withMarks(last, markedCells(snapshot, inner, glyphs.ascii ? 1 : 2), glyphs)];
}

/** Cells of a graph in whose seconds something happened that is more than news. */
function markedCells({ events, history }: Snapshot, cells: number, secondsPerCell: number): ReadonlySet<number> {
  const end = Math.floor((history.at(-1)?.time_ms ?? 0) / 1000);
  const back = events
    .filter(({ severity }) => severity !== "info")
    .map(({ time_ms }) => Math.floor((end - Math.floor(time_ms / 1000)) / secondsPerCell));
  return new Set(back.filter((cell) => cell >= 0 && cell < cells).map((cell) => cells - 1 - cell));
}

/** Marks on the lower edge of a graph's box, under the cells; what stands there already stays. */
function withMarks(edge: Line, cells: ReadonlySet<number>, glyphs: Glyphs): Line {
  // The corner, and the blank in front of the graph.
  let at = -2;
  return edge.flatMap((part) => {
    const from = at;
    at += part.text.length;
    const signs = Array.from(part.text, (sign, index): Segment => {
      const marked = sign === glyphs.rule && cells.has(from + index);
      return marked ? seg(glyphs.warning, "warn") : seg(sign, part.tone);
    });
    return signs.some(({ tone }) => tone === "warn") ? signs : [part];
  });
}

function reasons(title: string, tally: Readonly<Record<string, number>>, columns: number, glyphs: Glyphs): Line[] {
  const rows = Object.entries(tally)
    .filter(([, n]) => n > 0)
    .toSorted((a, b) => b[1] - a[1]);
  if (rows.length === 0) return [[seg(` ${title} `, "dim"), seg("none", "good")]];
  const total = rows.reduce((sum, [, n]) => sum + n, 0);
  const line = (left: Segment, n: number): Line => spread([seg(" "), left], [seg(` ${count(n)} `, "warn")], columns);
  return [
    line(seg(title, "dim"), total),
    ...rows.map(([reason, n]) => line(seg(`  ${cut(drawable(reason), columns - 12, glyphs.cut)}`), n)),
  ];
}

function losses(snapshot: Snapshot, columns: number, height: number, glyphs: Glyphs): Line[] {
  const inner = columns - 2;
  const { dropped, refused } = snapshot.status;
  const lines = [...reasons("dropped", dropped, inner, glyphs), ...reasons("refused", refused, inner, glyphs)];
  const padded = Array.from({ length: height - 2 }, (_, row) => lines[row] ?? []);
  return box({ title: [seg("losses", "strong")] }, padded, columns, glyphs);
}

/** Cells from which the panel of losses has room beside the graphs. */
const lossesFrom = 140;
const lossesCells = 34;

/** Cells from which a graph's box has room for the total beside the peak. */
const totalFrom = 58;

/** Throughput in `height` lines: one or two sparklines, or boxes with a graph each. */
export function throughput(snapshot: Snapshot, columns: number, height: number, glyphs: Glyphs): Line[] {
  if (height === 1) {
    const half = Math.floor(columns / 2);
    return beside([
      { lines: [strip(snapshot, received, half, glyphs)], columns: half },
      { lines: [strip(snapshot, sent, columns - half, glyphs)], columns: columns - half },
    ]);
  }
  if (height === 2) return [strip(snapshot, received, columns, glyphs), strip(snapshot, sent, columns, glyphs)];
  const aside = columns >= lossesFrom ? lossesCells : 0;
  const left = Math.floor((columns - aside) / 2);
  const right = columns - aside - left;
  return beside([
    { lines: panel(snapshot, received, left, height, glyphs), columns: left },
    { lines: panel(snapshot, sent, right, height, glyphs), columns: right },
    ...(aside > 0 ? [{ lines: losses(snapshot, aside, height, glyphs), columns: aside }] : []),
  ]);
}
