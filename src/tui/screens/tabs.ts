import { rule } from "../draw/box.ts";
import { count } from "../draw/format.ts";
import { type Line, seg, type Segment } from "../draw/line.ts";
import { cut, drawable } from "../draw/text.ts";
import { activeList, type State } from "../model/state.ts";
import { tabOrder, tables } from "../tables/index.ts";

function filterRemark(state: State): Segment[] {
  const { filter, order } = activeList(state);
  const text = cut(drawable(filter), 24, state.setup.glyphs.cut);
  if (state.mode.kind === "filter")
    return [seg(" /", "key"), seg(text, "strong"), seg(`${state.setup.glyphs.caret} `, "key")];
  if (filter === "") return [];
  return [seg(" /", "dim"), seg(text, "warn"), seg(` ${count(order.length)} of ${count(state.items.size)} `, "dim")];
}

/** The rule over the table with the tabs, how many rows each has, and the filter. */
export function tabLine(state: State): Line {
  const { snapshot, tab, columns, setup } = state;
  const narrow = columns < 76;
  const parts = tabOrder.flatMap((name, at) => {
    const rows = snapshot === undefined ? "" : ` ${count(snapshot[name].length)}`;
    const label = narrow && name !== tab ? "" : ` ${tables[name].title}${rows}`;
    const current = name === tab;
    return [
      ...(at === 0 ? [] : [seg(setup.glyphs.rule, "faint")]),
      seg(` ${at + 1}`, current ? "key" : "dim"),
      seg(`${label} `, current ? "strong" : "dim"),
    ];
  });
  return rule(parts, filterRemark(state), columns, setup.glyphs);
}
