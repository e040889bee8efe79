import type { DaemonState } from "../../shared/control/snapshot.ts";
import { roughly, timeOfDay } from "../draw/format.ts";
import { fit, type Line, seg, type Segment, spread, type Tone, width } from "../draw/line.ts";
import { cut, drawable } from "../draw/text.ts";
import { isStale, mayAct, type State } from "../model/state.ts";

const day = 86_400;
const stateTones: Record<DaemonState, Tone> = {
  starting: "warn",
  ready: "good",
  degraded: "warn",
  draining: "warn",
  stopping: "warn",
};

/** LIVE, or how old what is on the screen is. */
export function freshness(state: State): Segment {
  const { glyphs } = state.setup;
  if (state.snapshot === undefined) return seg(` ${glyphs.stale} no data yet `, "banner");
  if (!isStale(state)) return seg(`${glyphs.live} LIVE`, "good");
  const why = state.link.kind === "down" ? "no daemon" : "stalled";
  return seg(` ${glyphs.stale} ${why}, ${roughly(state.age)} old `, "banner");
}

function certificate(seconds: number): Segment {
  if (seconds <= 0) return seg("cert EXPIRED", "critical");
  const days = Math.floor(seconds / day);
  return seg(`cert ${days}d`, days < 14 ? "warn" : "dim");
}

function access(state: State): Segment {
  return mayAct(state) ? seg("[rw]", "strong") : seg("[ro]", "dim");
}

/** As many of the facts as fit, from the first on; a fact is never cut. */
function fitting(facts: readonly Line[], columns: number): Line {
  let room = columns;
  return facts.flatMap((fact) => {
    room -= width(fact);
    return room < 0 ? [] : fact;
  });
}

/** The title line, the dearest facts first: a narrow screen drops those at the end. */
export function titleLine(state: State): Line {
  const { snapshot, columns } = state;
  const gap = seg("  ");
  if (snapshot === undefined) return fit([seg(" sssonector ", "strong"), freshness(state)], columns);
  const { status, time_ms } = snapshot;
  const name = cut(drawable(status.name), Math.max(8, columns - 66), state.setup.glyphs.cut);
  const facts: Line[] = [
    [seg(` ${name}`, "strong"), seg(` ${drawable(status.mode)}`, "dim")],
    [gap, freshness(state)],
    [gap, seg(drawable(status.state), stateTones[status.state] ?? "warn")],
    [gap, certificate(status.certificate_expires_seconds)],
    [gap, seg(`up ${roughly(status.uptime_seconds)}`, "dim")],
  ];
  const right = [seg(" "), access(state), seg(` ${timeOfDay(time_ms)} `)];
  return spread(fitting(facts, columns - width(right)), right, columns);
}
