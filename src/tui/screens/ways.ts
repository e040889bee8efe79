import type { Backend, Breaker, Bucket, Snapshot } from "../../shared/control/snapshot.ts";
import { rule } from "../draw/box.ts";
import { count, roundTrip, span } from "../draw/format.ts";
import type { Glyphs } from "../draw/glyphs.ts";
import { fit, type Line, seg, type Segment } from "../draw/line.ts";
import { cut, drawable } from "../draw/text.ts";
import { breakerStates } from "../tables/breaker-states.ts";
import { askedOf, backendState, waysOf } from "./paths.ts";

interface Row {
  readonly sign: Segment;
  readonly kind: string;
  readonly name: string;
  readonly state: Segment;
  readonly facts: string;
}

const [kindCells, stateCells, factCells] = [8, 8, 18] as const;

function backendRow(row: Backend, glyphs: Glyphs): Row {
  const sign = row.current ? seg(glyphs.live, "good") : seg(" ");
  const trip = row.rtt_ms === null ? "" : `${roundTrip(row.rtt_ms, glyphs.none).padStart(6)} ms`;
  const facts = `${count(row.connections)} conn${row.connections === 1 ? " " : "s"}${trip}`;
  return { sign, kind: "backend", name: row.name, state: backendState(row), facts };
}

function breakerFacts({ retry_in_ms, permits_left, state }: Breaker): string {
  if (retry_in_ms !== null) return `tries in ${span(Math.ceil(retry_in_ms / 1000))}`;
  if (state === "half-open" && permits_left !== null) return `${permits_left} probes left`;
  return state === "forced-open" || state === "disabled" ? "by an operator" : "";
}

function breakerRow(row: Breaker): Row {
  const state = seg(...breakerStates[row.state]);
  return { sign: seg(" "), kind: "breaker", name: row.name, state, facts: breakerFacts(row) };
}

function bucketRow(row: Bucket): Row {
  const facts = row.waiting_ms > 0 ? `waits ${row.waiting_ms.toFixed(1)} ms` : "";
  return { sign: seg(" "), kind: "bucket", name: row.name, state: askedOf(row), facts };
}

function line({ sign, kind, name, state, facts }: Row, columns: number, glyphs: Glyphs): Line {
  const cells = Math.max(6, columns - kindCells - stateCells - factCells - 5);
  return [
    seg(glyphs.side, "faint"),
    seg(` ${kind.padEnd(kindCells)}`, "dim"),
    sign,
    seg(`${cut(drawable(name), cells, glyphs.cut).padEnd(cells)} `),
    seg(state.text.padEnd(stateCells), state.tone),
    seg(facts.padStart(factCells), "dim"),
  ];
}

/** How many buckets are shown before backends that are well. */
const fewBuckets = 2;

/** Backends, breakers and buckets in `height` lines under a rule: those in trouble first, then the busy ones. */
export function waysLines(snapshot: Snapshot, height: number, columns: number, glyphs: Glyphs): Line[] {
  const { backends, breakers, buckets } = waysOf(snapshot);
  const bad = backends.filter(({ admin, operational }) => admin !== "ready" || operational !== "up");
  const well = backends.filter((row) => !bad.includes(row));
  const rows: Row[] = [
    ...bad.map((row) => backendRow(row, glyphs)),
    ...breakers.map(breakerRow),
    ...buckets.slice(0, fewBuckets).map(bucketRow),
    ...well.map((row) => backendRow(row, glyphs)),
    ...buckets.slice(fewBuckets).map(bucketRow),
  ];
  const room = height - 1;
  const left = rows.length - room;
  const more = left > 0 ? [seg(` +${left} `, "dim")] : [];
  const title = [seg(" backends, breakers, buckets ", "dim")];
  const shown = rows.slice(0, room).map((row) => fit(line(row, columns, glyphs), columns));
  while (shown.length < room) shown.push([seg(glyphs.side, "faint")]);
  return [rule(title, more, columns, glyphs), ...shown];
}
