import type { Backend, Breaker, Bucket, Snapshot } from "../../shared/control/snapshot.ts";
import type { Glyphs } from "../draw/glyphs.ts";
import { fit, type Line, seg, width } from "../draw/line.ts";
import { cut, drawable } from "../draw/text.ts";
import { breakerStates } from "../tables/breaker-states.ts";

const nameCells = 14;

function named(name: string, glyphs: Glyphs): string {
  return cut(drawable(name), nameCells, glyphs.cut);
}

function isDown({ admin, operational }: Backend): boolean {
  return operational === "down" && admin !== "maint";
}

function backendPart(row: Backend, glyphs: Glyphs): Line {
  const { name, admin, operational, current } = row;
  const down = isDown(row);
  const state = admin === "ready" ? operational : admin;
  const sign = current ? seg(` ${glyphs.live}`, "good") : seg(" ");
  return [
    sign,
    seg(`${named(name, glyphs)} `, "text"),
    seg(`${state} `, down ? "critical" : admin === "ready" ? "good" : "warn"),
  ];
}

function breakerPart({ name, state }: Breaker, glyphs: Glyphs): Line {
  const [word, tone] = breakerStates[state];
  return [seg(` ${named(name, glyphs)} `, "text"), seg(`${word} `, tone)];
}

function bucketPart({ name, utilisation }: Bucket, glyphs: Glyphs): Line {
  const used = Math.round(utilisation ?? 0);
  return [seg(` ${named(name, glyphs)} `, "text"), seg(`${used}% `, used >= 90 ? "warn" : "rx")];
}

/** As many of the parts as fit into `columns`, with their title in front and how many are left out behind. */
function group(title: string, parts: readonly Line[], none: string, columns: number): Line {
  const head = seg(` ${title}`, "dim");
  if (parts.length === 0) return fit([head, seg(` ${none} `, "good")], columns);
  const all = parts.reduce((sum, part) => sum + width(part), 0);
  const forRest = head.text.length + all <= columns ? 0 : 5;
  let room = columns - head.text.length - forRest;
  const shown = parts.filter((part) => {
    room -= width(part);
    return room >= 0;
  });
  const left = parts.length - shown.length;
  return fit([head, ...shown.flat(), ...(left > 0 ? [seg(`+${left} `, "dim")] : [])], columns);
}

/** Backends with their states, breakers that are not closed, and the buckets that are asked for most, in one line. */
export function pathsLine({ backends, breakers, buckets }: Snapshot, columns: number, glyphs: Glyphs): Line {
  const troubled = breakers.filter(({ state }) => state !== "closed" && state !== "observe");
  const asked = buckets
    .filter(({ utilisation }) => (utilisation ?? 0) > 0)
    .toSorted((a, b) => (b.utilisation ?? 0) - (a.utilisation ?? 0));
  // Those that are down must not be the ones that are left out.
  const shown = backends.toSorted((a, b) => Number(isDown(b)) - Number(isDown(a)));
  const third = Math.floor((columns - 2) / 3);
  const apart = seg(glyphs.separator, "faint");
  const parts = (lines: readonly Line[], title: string, none: string): Line => group(title, lines, none, third);
  return [
    ...parts(
      shown.map((row) => backendPart(row, glyphs)),
      "backends",
      "none",
    ),
    apart,
    ...parts(
      troubled.map((row) => breakerPart(row, glyphs)),
      "breakers",
      "all closed",
    ),
    apart,
    ...parts(
      asked.map((row) => bucketPart(row, glyphs)),
      "buckets",
      "idle",
    ),
  ];
}
