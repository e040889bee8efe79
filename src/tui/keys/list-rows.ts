import { layout } from "../model/layout.ts";
import { type ListState, mark, markAll, move, unselected } from "../model/list.ts";
import { type Step, step } from "../model/message.ts";
import { activeList, type State, withList } from "../model/state.ts";
import { tabKeys, tabOrder, tables } from "../tables/index.ts";
import type { TabName } from "../tables/table.ts";
import { setFilter } from "./filter.ts";
import type { KeyRow } from "./row.ts";

function edit(change: (list: ListState, height: number) => ListState): (state: State) => Step {
  return (state) => step(withList(state, change(activeList(state), layout(state).table)));
}

function tabRow([tab, key]: readonly [TabName, string]): KeyRow {
  const what = tables[tab].title.toLowerCase();
  return { keys: [key], layer: "list", shown: key, what, act: (state) => step({ ...state, tab }) };
}

function sortBy(steps: number): (state: State) => Step {
  return (state) => {
    const list = activeList(state);
    const columns = tables[state.tab].columns.filter((column) => column.sortable);
    const at = columns.findIndex((column) => column.key === list.sort.column);
    const next = columns[(at + steps + columns.length) % columns.length];
    if (next === undefined) return step(state);
    return step(withList(state, { ...list, sort: { column: next.key, descending: next.descending } }));
  };
}

/** Esc takes back one thing: first the marks, then the selection, then the filter. */
function back(state: State): Step {
  const list = activeList(state);
  if (list.marked.size > 0) return step(withList(state, { ...list, marked: new Set() }));
  return step(list.selected === undefined ? setFilter(state, "") : withList(state, unselected(list)));
}

/** Keys of the tables, without those that act on a row. */
export const listRows: readonly KeyRow[] = [
  {
    keys: ["down", "j"],
    layer: "list",
    shown: "↓ j",
    what: "next row",
    hint: ["↑/↓", "select"],
    act: edit((list, height) => move(list, 1, height)),
  },
  {
    keys: ["up", "k"],
    layer: "list",
    shown: "↑ k",
    what: "previous row",
    act: edit((list, height) => move(list, -1, height)),
  },
  {
    keys: ["pagedown", " "],
    layer: "list",
    shown: "PgDn Space",
    what: "next page",
    act: edit((list, height) => move(list, height, height)),
  },
  {
    keys: ["pageup", "b"],
    layer: "list",
    shown: "PgUp b",
    what: "previous page",
    act: edit((list, height) => move(list, -height, height)),
  },
  {
    keys: ["home", "g"],
    layer: "list",
    shown: "Home g",
    what: "first row",
    act: edit((list, height) => move(list, -list.order.length, height)),
  },
  {
    keys: ["end", "G"],
    layer: "list",
    shown: "End G",
    what: "last row",
    act: edit((list, height) => move(move(list, 0, height), list.order.length, height)),
  },
  ...tabKeys.map(tabRow),
  {
    keys: ["tab"],
    layer: "list",
    shown: "Tab",
    what: "next tab",
    act: (state) => step({ ...state, tab: tabOrder[(tabOrder.indexOf(state.tab) + 1) % tabOrder.length] ?? state.tab }),
  },
  {
    keys: ["/"],
    layer: "list",
    shown: "/",
    what: "filter: `word`, `!word`, `column=value`, `column>number`",
    hint: ["/", "filter"],
    act: (state) => step({ ...state, mode: { kind: "filter", before: activeList(state).filter } }),
  },
  { keys: ["s"], layer: "list", shown: "s", what: "sort by the next column", hint: ["s", "sort"], act: sortBy(1) },
  { keys: ["S"], layer: "list", shown: "S", what: "sort by the previous column", act: sortBy(-1) },
  {
    keys: ["r"],
    layer: "list",
    shown: "r",
    what: "reverse the order",
    act: edit((list) => ({ ...list, sort: { ...list.sort, descending: !list.sort.descending } })),
  },
  {
    keys: ["v"],
    layer: "list",
    shown: "v",
    what: "mark the row, or take its mark back; keys that act then act on all marked rows",
    act: edit(mark),
  },
  { keys: ["V"], layer: "list", shown: "V", what: "mark all rows of the filter, or none", act: edit(markAll) },
  {
    keys: ["escape"],
    layer: "list",
    shown: "Esc",
    what: "give up the marks, then the selection, then the filter",
    act: back,
  },
];
