import type { Bucket } from "../../shared/control/snapshot.ts";
import { formatRate } from "../../shared/units.ts";
import { bytes, count, span } from "../draw/format.ts";
import { seg, type Segment } from "../draw/line.ts";
import { figure, label, trouble } from "./columns.ts";
import type { CellContext } from "./table.ts";
import { defineTable, type Table } from "./table.ts";

/** Percent of its rate from which on a bucket is near its end. */
const nearlyFull = 90;

/** `100mbit`, `10000 p/s`, `unlimited`. */
export function rateWords({ rate, unit }: Pick<Bucket, "rate" | "unit">): string {
  if (rate === null) return "unlimited";
  const text = formatRate({ kind: unit, per_second: rate });
  return unit === "packets" ? `${text} p/s` : text;
}

/** What is asked of what is granted, as a bar and a number. */
function used({ utilisation }: Bucket, { glyphs, columns }: CellContext): Segment {
  if (utilisation === null) return seg(glyphs.none, "faint");
  const percent = `${Math.round(utilisation)}%`.padStart(5);
  const cells = Math.max(0, columns - percent.length - 1);
  const filled = Math.min(cells, Math.round((utilisation / 100) * cells));
  const [full = "#", empty = "."] = [glyphs.levels.at(-1), glyphs.levels[0]];
  const bar = `${full.repeat(filled)}${empty.repeat(cells - filled)}`;
  return seg(`${bar} ${percent}`, utilisation >= nearlyFull ? "warn" : "rx");
}

/** Seconds until the bucket is empty at the rate of the last second; null: it does not empty. */
export function emptyIn({ tokens, rate, utilisation }: Bucket): number | null {
  if (tokens === null || rate === null || utilisation === null || utilisation <= 100) return null;
  return Math.max(0, tokens) / ((rate * (utilisation - 100)) / 100);
}

function emptyWords(row: Bucket, { glyphs }: CellContext): Segment {
  if (row.tokens !== null && row.tokens <= 0) return seg("empty", "critical");
  const seconds = emptyIn(row);
  return seconds === null ? seg(glyphs.none, "faint") : seg(span(Math.ceil(seconds)), "warn");
}

function setBy({ pinned, expires_seconds }: Bucket): Segment {
  if (!pinned) return seg("config", "dim");
  return seg(expires_seconds === null ? "operator" : `operator ${span(expires_seconds)}`, "warn");
}

export const buckets: Table = defineTable<Bucket>({
  name: "buckets",
  title: "Buckets",
  short: "Buck",
  noun: "bucket",
  sort: { column: "name", descending: false },
  rows: (snapshot) => snapshot.buckets,
  id: (row) => row.name,
  label: (row) => `bucket ${row.name}`,
  words: (row) => [row.name, row.scope, row.direction, row.pinned ? "pinned" : ""].join(" "),
  fields: { scope: (row) => row.scope, direction: (row) => row.direction },
  columns: [
    label(["name", "NAME", 18, 34, 0], (row) => row.name, "strong"),
    figure(
      ["rate", "RATE", 10, 14, 0],
      (row) => row.rate ?? Number.MAX_SAFE_INTEGER,
      (row) => seg(rateWords(row), row.rate === null ? "dim" : "text"),
    ),
    {
      key: "used",
      title: "ASKED OF IT",
      min: 14,
      max: 26,
      priority: 1,
      cell: used,
      order: (row) => row.utilisation ?? -1,
      descending: true,
    },
    figure(
      ["wait", "WAIT ms", 7, 8, 1],
      (row) => row.waiting_ms,
      (row) => seg(row.waiting_ms.toFixed(1), row.waiting_ms > 0 ? "warn" : "faint"),
    ),
    {
      key: "empty",
      title: "EMPTY IN",
      min: 8,
      max: 8,
      priority: 2,
      right: true,
      cell: emptyWords,
      order: (row) => emptyIn(row) ?? Number.MAX_SAFE_INTEGER,
    },
    figure(
      ["dropped", "DROPPED", 8, 10, 2],
      (row) => row.dropped,
      (row) => trouble(row.dropped),
    ),
    figure(
      ["burst", "BURST", 8, 10, 4],
      (row) => row.burst ?? -1,
      ({ burst, unit }, { glyphs }) =>
        seg(burst === null ? glyphs.none : unit === "bytes" ? bytes(burst) : count(burst), "dim"),
    ),
    {
      key: "set",
      title: "SET BY",
      min: 15,
      max: 16,
      priority: 3,
      cell: setBy,
      order: (row) => (row.pinned ? 0 : 1),
    },
  ],
});
