import type { DaemonState, Snapshot } from "../../shared/control/snapshot.ts";
import { roughly, span, timeOfDay } from "../draw/format.ts";
import { fit, type Line, seg, type Segment, spread, type Tone, width } from "../draw/line.ts";
import { cut, drawable } from "../draw/text.ts";
import { isStale, mayAct, type State } from "../model/state.ts";
import type { Time } from "../model/time.ts";

const day = 86_400;
const stateTones: Record<DaemonState, Tone> = {
  starting: "warn",
  ready: "good",
  degraded: "warn",
  draining: "warn",
  stopping: "warn",
};

/** How far back the second on the screen is, and whether it was measured. */
function pastText(time: Extract<Time, { kind: "past" }>, { live }: State): string {
  const back = Math.round(((live?.time_ms ?? 0) - time.at) / 1000);
  const ago = back === 0 ? "FROZEN" : back > 0 ? `${span(back)} AGO` : `${span(-back)} AHEAD`;
  return time.shows === "nothing" ? `${ago}, nothing measured` : ago;
}

/** LIVE, or how old what is on the screen is. */
export function freshness(state: State): Segment {
  const { glyphs } = state.setup;
  if (state.snapshot === undefined) return seg(` ${glyphs.stale} no data yet `, "banner");
  if (state.time.kind === "past") return seg(` ${glyphs.stale} ${pastText(state.time, state)} `, "banner");
  if (!isStale(state)) return seg(`${glyphs.live} ${state.setup.recording === undefined ? "LIVE" : "REPLAY"}`, "good");
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

/** Who else is attached, besides this console. */
function presence({ control }: Snapshot): Line[] {
  const others = control.attached.length - 1;
  return others > 0 ? [[seg("  "), seg(`+${others} attached`, "dim")]] : [];
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
  const { status } = snapshot;
  const shown = state.time.kind === "past" ? state.time.at : snapshot.time_ms;
  const name = cut(drawable(status.name), Math.max(8, columns - 66), state.setup.glyphs.cut);
  const facts: Line[] = [
    [seg(` ${name}`, "strong"), seg(` ${drawable(status.mode)}`, "dim")],
    [gap, freshness(state)],
    [gap, seg(drawable(status.state), stateTones[status.state] ?? "warn")],
    [gap, certificate(status.certificate_expires_seconds)],
    ...(state.setup.ssh === undefined ? [[gap, seg("YOU ?", "warn")]] : []),
    ...presence(snapshot),
    [gap, seg(`up ${roughly(status.uptime_seconds)}`, "dim")],
  ];
  const right = [seg(" "), access(state), seg(` ${timeOfDay(shown)} `)];
  return spread(fitting(facts, columns - width(right)), right, columns);
}
