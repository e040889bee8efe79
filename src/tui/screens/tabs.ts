import type { Snapshot } from "../../shared/control/snapshot.ts";
import { rule } from "../draw/box.ts";
import { count } from "../draw/format.ts";
import type { Glyphs } from "../draw/glyphs.ts";
import { type Line, seg, type Segment, width } from "../draw/line.ts";
import { cut, drawable } from "../draw/text.ts";
import { activeList, type State } from "../model/state.ts";
import { tabKeys, tables } from "../tables/index.ts";
import type { TabName } from "../tables/table.ts";
import { talkersOf } from "../tables/top-talkers.ts";

function filterRemark(state: State): Segment[] {
  const { filter, order } = activeList(state);
  const text = cut(drawable(filter), 24, state.setup.glyphs.cut);
  if (state.mode.kind === "filter")
    return [seg(" /", "key"), seg(text, "strong"), seg(`${state.setup.glyphs.caret} `, "key")];
  if (filter === "") return [];
  return [seg(" /", "dim"), seg(text, "warn"), seg(` ${count(order.length)} of ${count(state.items.size)} `, "dim")];
}

/** How much a tab says that is not on the screen, from most to least. */
const levels = ["counted", "whole", "short", "dense", "tight", "key"] as const;
type Level = (typeof levels)[number];

/** Tabs that can have something that should be looked at. */
const mayWarn: ReadonlySet<TabName> = new Set(["backends", "buckets", "breakers", "services"]);

/** Whether a tab that is not on the screen has something that should be looked at. */
function troubled(snapshot: Snapshot | undefined, tab: TabName): boolean {
  if (snapshot === undefined) return false;
  if (tab === "backends") return snapshot.backends.some((row) => row.operational === "down" && row.admin !== "maint");
  if (tab === "buckets") return snapshot.buckets.some(({ waiting_ms }) => waiting_ms > 0);
  if (tab === "services") return snapshot.services.some(({ state }) => state === "down" || state === "failed");
  return tab === "breakers" && snapshot.breakers.some(({ state }) => state !== "closed" && state !== "observe");
}

function rowsOf({ log, snapshot }: State, tab: TabName): number {
  if (tab === "logs") return log.length;
  if (tab === "top-talkers") return snapshot === undefined ? 0 : talkersOf(snapshot).length;
  return snapshot?.[tab].length ?? 0;
}

function titleAt(tab: TabName, current: boolean, level: Level): string {
  const { title, short } = tables[tab];
  if (level === "key") return current ? ` ${title}` : "";
  const whole = level === "counted" || level === "whole" || (current && level === "short");
  return ` ${whole ? title : short}`;
}

/** The mark beside a tab in trouble; where there is little room its place is kept, so that no title moves. */
function mark(troubled: boolean, level: Level, { warning }: Glyphs): Segment[] {
  if (level === "dense" || level === "tight") return [seg(troubled ? warning : " ", "warn")];
  return troubled ? [seg(`${warning} `, "warn")] : [];
}

/** `warned`: as wide as it gets when something is wrong everywhere, so that a change of that changes no titles. */
function tabParts(state: State, level: Level, warned: boolean): Segment[] {
  const { snapshot, tab, setup } = state;
  const spaced = level !== "dense" && level !== "tight";
  return tabKeys.flatMap(([name, key], at) => {
    const current = name === tab;
    const known = name === "logs" ? state.log.length > 0 : snapshot !== undefined;
    const counted = known && (level === "counted" || (current && level !== "tight"));
    const rows = counted ? ` ${count(rowsOf(state, name))}` : "";
    return [
      ...(at === 0 || level !== "counted" ? [] : [seg(setup.glyphs.rule, "faint")]),
      seg(` ${key}`, current ? "key" : "dim"),
      seg(`${titleAt(name, current, level)}${rows}${spaced ? " " : ""}`, current ? "strong" : "dim"),
      ...mark(warned ? mayWarn.has(name) : troubled(snapshot, name), level, setup.glyphs),
    ];
  });
}

/** The rule over the table with the tabs, how many rows they have, and the filter. */
export function tabLine(state: State): Line {
  const { columns, setup } = state;
  const remark = filterRemark(state);
  const room = columns - width(remark) - 3;
  const level = levels.find((one) => width(tabParts(state, one, true)) <= room) ?? "key";
  return rule(tabParts(state, level, false), remark, columns, setup.glyphs);
}
