import type { Backend, Breaker, Bucket, Snapshot } from "../../shared/control/snapshot.ts";
import type { Glyphs } from "../draw/glyphs.ts";
import { fit, type Line, seg, type Segment, width } from "../draw/line.ts";
import { cut, drawable } from "../draw/text.ts";
import { breakerStates } from "../tables/breaker-states.ts";

/** Cells of a name: as many as it takes to get at least one part into its third of the line. */
const nameCells = [14, 10, 8, 6] as const;

/** What stands for one row in the line, with so many cells for its name. */
type Part = (cells: number) => Line;

function isDown({ admin, operational }: Backend): boolean {
  return operational === "down" && admin !== "maint";
}

/** Word and tone of what a backend is to the operator: what he wants of it, else what it is. */
export function backendState(row: Backend): Segment {
  const { admin, operational } = row;
  const tone = isDown(row) ? "critical" : admin === "ready" ? "good" : "warn";
  return seg(admin === "ready" ? operational : admin, tone);
}

/** Percent that is asked of a bucket. */
export function askedOf({ utilisation }: Bucket): Segment {
  const used = Math.round(utilisation ?? 0);
  return seg(`${used}%`, used >= 90 ? "warn" : "rx");
}

function part(sign: Segment, name: string, { text, tone }: Segment, glyphs: Glyphs): Part {
  return (cells) => [sign, seg(`${cut(drawable(name), cells, glyphs.cut)} `), seg(`${text} `, tone)];
}

function backendPart(row: Backend, glyphs: Glyphs): Part {
  const sign = row.current ? seg(` ${glyphs.live}`, "good") : seg(" ");
  return part(sign, row.name, backendState(row), glyphs);
}

function breakerPart({ name, state }: Breaker, glyphs: Glyphs): Part {
  return part(seg(" "), name, seg(...breakerStates[state]), glyphs);
}

function bucketPart(row: Bucket, glyphs: Glyphs): Part {
  return part(seg(" "), row.name, askedOf(row), glyphs);
}

/** As many of the parts as fit into `columns`, with their title in front and how many are left out behind. */
function group(title: string, rows: readonly Part[], none: string, columns: number): Line {
  const head = seg(` ${title}`, "dim");
  const [first] = rows;
  if (first === undefined) return fit([head, seg(` ${none} `, "good")], columns);
  const forMore = rows.length === 1 ? 0 : `+${rows.length - 1} `.length;
  const cells = nameCells.find((most) => head.text.length + width(first(most)) + forMore <= columns) ?? 6;
  const parts = rows.map((row) => row(cells));
  const all = parts.reduce((sum, line) => sum + width(line), 0);
  const forRest = head.text.length + all <= columns ? 0 : forMore;
  let room = columns - head.text.length - forRest;
  const shown = parts.filter((line) => {
    room -= width(line);
    return room >= 0;
  });
  const left = parts.length - shown.length;
  return fit([head, ...shown.flat(), ...(left > 0 ? [seg(`+${left} `, "dim")] : [])], columns);
}

interface Ways {
  /** Those that are down first: they must not be the ones that are left out. */
  readonly backends: readonly Backend[];
  /** Those that are not closed. */
  readonly breakers: readonly Breaker[];
  /** Those of which something is asked, the busiest first. */
  readonly buckets: readonly Bucket[];
}

/** What of backends, breakers and buckets an operator wants to see first. */
export function waysOf({ backends, breakers, buckets }: Snapshot): Ways {
  return {
    backends: backends.toSorted((a, b) => Number(isDown(b)) - Number(isDown(a))),
    breakers: breakers.filter(({ state }) => state !== "closed" && state !== "observe"),
    buckets: buckets
      .filter(({ utilisation }) => (utilisation ?? 0) > 0)
      .toSorted((a, b) => (b.utilisation ?? 0) - (a.utilisation ?? 0)),
  };
}

/** Backends with their states, breakers that are not closed, and the buckets that are asked for most, in one line. */
export function pathsLine(snapshot: Snapshot, columns: number, glyphs: Glyphs): Line {
  const { backends, breakers, buckets } = waysOf(snapshot);
  const third = Math.floor((columns - 2) / 3);
  const apart = seg(glyphs.separator, "faint");
  const parts = (rows: readonly Part[], title: string, none: string): Line => group(title, rows, none, third);
  return [
    ...parts(
      backends.map((row) => backendPart(row, glyphs)),
      "backends",
      "none",
    ),
    apart,
    ...parts(
      breakers.map((row) => breakerPart(row, glyphs)),
      "breakers",
      "all closed",
    ),
    apart,
    ...parts(
      buckets.map((row) => bucketPart(row, glyphs)),
      "buckets",
      "idle",
    ),
  ];
}
