import { fit, type Line, seg } from "../draw/line.ts";
import { viewport } from "../model/list.ts";
import { activeList, type State } from "../model/state.ts";
import { headerLine, placeColumns, rowLine } from "../tables/data-table.ts";
import { tables } from "../tables/index.ts";
import type { ColumnHead } from "../tables/table.ts";

function emptyText(state: State): string {
  if (state.snapshot === undefined) return "";
  const noun = tables[state.tab].noun;
  return activeList(state).filter === "" ? `no ${noun}s yet` : `no ${noun} matches the filter; Esc takes it back`;
}

/** The tab's columns without those that the user hid. */
function shownColumns({ tab, hidden }: State): readonly ColumnHead[] {
  const names = hidden[tab] ?? [];
  return tables[tab].columns.filter(({ key }) => !names.includes(key));
}

/** The active table in `height` lines and its header: the part of the rows that is on the screen. */
export function tableLines(state: State, height: number): Line[] {
  const { columns, setup, trends, items } = state;
  const list = activeList(state);
  const placed = placeColumns(shownColumns(state), columns);
  const { ids } = viewport(list, height);
  const { snapshot } = state;
  const lines = ids.flatMap((id) => {
    const gone = id === list.ghost?.id;
    const row = gone ? list.ghost : items.get(id);
    if (row === undefined || snapshot === undefined) return [];
    const draw = { glyphs: setup.glyphs, trends, snapshot };
    return [rowLine(row, placed, { selected: id === list.selected, gone, marked: list.marked.has(id) }, columns, draw)];
  });
  const note = lines.length === 0 ? [fit([seg(`  ${emptyText(state)}`, "dim")], columns)] : [];
  const filled = [...lines, ...note];
  while (filled.length < height) filled.push([]);
  return [headerLine(placed, list.sort, columns, setup.glyphs), ...filled.slice(0, height)];
}
