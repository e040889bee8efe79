import type { Snapshot } from "../../shared/control/snapshot.ts";
import { rule } from "../draw/box.ts";
import { count } from "../draw/format.ts";
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
const levels = ["counted", "whole", "short", "key"] as const;
type Level = (typeof levels)[number];

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

function tabParts(state: State, level: Level): Segment[] {
  const { snapshot, tab, setup } = state;
  return tabKeys.flatMap(([name, key], at) => {
    const current = name === tab;
    const { title: whole, short } = tables[name];
    const title =
      current || level === "whole" || level === "counted" ? ` ${whole}` : level === "short" ? ` ${short}` : "";
    const known = name === "logs" ? state.log.length > 0 : snapshot !== undefined;
    const counted = known && (current || level === "counted");
    const rows = counted ? ` ${count(rowsOf(state, name))}` : "";
    const apart = level === "counted" || level === "whole";
    return [
      ...(at === 0 || !apart ? [] : [seg(setup.glyphs.rule, "faint")]),
      seg(` ${key}`, current ? "key" : "dim"),
      seg(`${title}${rows} `, current ? "strong" : "dim"),
      ...(troubled(snapshot, name) ? [seg(`${setup.glyphs.warning} `, "warn")] : []),
    ];
  });
}

/** The rule over the table with the tabs, how many rows they have, and the filter. */
export function tabLine(state: State): Line {
  const { columns, setup } = state;
  const remark = filterRemark(state);
  const room = columns - width(remark) - 3;
  const fitting = levels.map((level) => tabParts(state, level)).find((parts) => width(parts) <= room);
  return rule(fitting ?? tabParts(state, "key"), remark, columns, setup.glyphs);
}
