import type { Attached } from "../../shared/control/snapshot.ts";
import { box } from "../draw/box.ts";
import { roughly, timeOfDay } from "../draw/format.ts";
import { fit, type Line, seg } from "../draw/line.ts";
import { cut, drawable } from "../draw/text.ts";
import type { State } from "../model/state.ts";

/** Lines that the people and what they did take at most, each. */
const most = 8;

function personLine({ who, client, role, since_ms, last }: Attached, now: number): Line {
  const since = roughly(Math.max(0, (now - since_ms) / 1000)).padStart(5);
  const did = last === null ? "looks" : `last: ${drawable(last)}`;
  return [
    seg(`  ${drawable(who, 40)}`, "strong"),
    seg(`  ${drawable(client, 24)}, ${role}, ${since}  `, "dim"),
    seg(did, last === null ? "dim" : "text"),
  ];
}

/** Who is attached to the daemon, this console among them, and the newest that operators did. */
export function attachedBox({ snapshot, columns, rows, setup }: State): Line[] {
  const { glyphs } = setup;
  const outer = Math.min(100, columns - 4);
  const fits = Math.max(1, Math.min(most, Math.floor((rows - 10) / 2)));
  const people = snapshot?.control.attached ?? [];
  const now = snapshot?.time_ms ?? 0;
  const done = (snapshot?.events ?? []).filter(({ code }) => code === "operator_action").slice(-fits);
  const acts = done.map(({ time_ms, message }): Line => {
    const text = cut(drawable(message), outer - 14, glyphs.cut);
    return [seg(`  ${timeOfDay(time_ms)} `, "dim"), seg(text)];
  });
  const nobody: Line = [seg("  nobody is known", "dim")];
  const nothing: Line = [seg("  nothing that is still in the log", "dim")];
  const left = people.length - fits;
  const lines: Line[] = [
    ...people.slice(0, fits).map((person) => personLine(person, now)),
    ...(people.length === 0 ? [nobody] : []),
    ...(left > 0 ? [[seg(`  +${left}`, "dim")]] : []),
    [],
    [seg(" what operators did", "strong")],
    ...(acts.length === 0 ? [nothing] : acts),
  ];
  return box(
    { title: [seg("attached", "strong")] },
    lines.map((line) => fit(line, outer - 2)),
    outer,
    glyphs,
  );
}
