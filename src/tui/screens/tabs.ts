import type { Snapshot } from "../../shared/control/snapshot.ts";
import { rule } from "../draw/box.ts";
import { count } from "../draw/format.ts";
import { type Line, seg, type Segment } from "../draw/line.ts";
import { cut, drawable } from "../draw/text.ts";
import { activeList, type State } from "../model/state.ts";
import { tabOrder, tables } from "../tables/index.ts";
import type { TabName } from "../tables/table.ts";

function filterRemark(state: State): Segment[] {
  const { filter, order } = activeList(state);
  const text = cut(drawable(filter), 24, state.setup.glyphs.cut);
  if (state.mode.kind === "filter")
    return [seg(" /", "key"), seg(text, "strong"), seg(`${state.setup.glyphs.caret} `, "key")];
  if (filter === "") return [];
  return [seg(" /", "dim"), seg(text, "warn"), seg(` ${count(order.length)} of ${count(state.items.size)} `, "dim")];
}

/** Cells from which every tab has its title, and from which every one has its rows counted too. */
const titlesFrom = 76;
const countsFrom = 110;

/** Whether a tab that is not on the screen has something that should be looked at. */
function troubled(snapshot: Snapshot | undefined, tab: TabName): boolean {
  if (snapshot === undefined) return false;
  if (tab === "backends") return snapshot.backends.some((row) => row.operational === "down" && row.admin !== "maint");
  return tab === "breakers" && snapshot.breakers.some(({ state }) => state !== "closed" && state !== "observe");
}

/** The rule over the table with the tabs, how many rows they have, and the filter. */
export function tabLine(state: State): Line {
  const { snapshot, tab, columns, setup } = state;
  const parts = tabOrder.flatMap((name, at) => {
    const current = name === tab;
    const title = current || columns >= titlesFrom ? ` ${tables[name].title}` : "";
    const counted = snapshot !== undefined && (current || columns >= countsFrom);
    const rows = counted ? ` ${count(snapshot[name].length)}` : "";
    return [
      ...(at === 0 ? [] : [seg(setup.glyphs.rule, "faint")]),
      seg(` ${at + 1}`, current ? "key" : "dim"),
      seg(`${title}${rows} `, current ? "strong" : "dim"),
      ...(troubled(snapshot, name) ? [seg(`${setup.glyphs.warning} `, "warn")] : []),
    ];
  });
  return rule(parts, filterRemark(state), columns, setup.glyphs);
}
