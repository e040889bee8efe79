/**
 * A list on the screen: its order, and a selection that belongs to an id. The selected row keeps its line of the
 * screen whatever happens around it; when its object goes, it stays as a ghost until the selection moves.
 */
import type { Sort, TableRow } from "../tables/table.ts";
import { matcher } from "./filter.ts";

export type Rows = ReadonlyMap<string, TableRow>;

export interface ListState {
  readonly sort: Sort;
  readonly filter: string;
  readonly order: readonly string[];
  readonly selected: string | undefined;
  /** Line of the viewport that the selected row is on, from 0. */
  readonly line: number;
  readonly ghost: TableRow | undefined;
  /** Rows that an act is done to together. */
  readonly marked: ReadonlySet<string>;
}

export function newList(sort: Sort): ListState {
  return { sort, filter: "", order: [], selected: undefined, line: 0, ghost: undefined, marked: new Set() };
}

/** `eu-2` before `eu-10`; made once, since a thousand rows are sorted in every frame. */
const byName = new Intl.Collator("en", { numeric: true }).compare;

function compare(a: number | string, b: number | string): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return byName(String(a), String(b));
}

function sorted(rows: readonly TableRow[], sort: Sort): string[] {
  const direction = sort.descending ? -1 : 1;
  return rows
    .map((row) => ({ id: row.id, key: row.order(sort.column) }))
    .toSorted((a, b) => direction * compare(a.key, b.key) || compare(a.id, b.id))
    .map((row) => row.id);
}

/** The order without a re-sort: rows that stay keep their places, new ones follow. */
function extended(order: readonly string[], shown: ReadonlySet<string>): string[] {
  const kept = order.filter((id) => shown.has(id));
  const known = new Set(kept);
  return [...kept, ...[...shown].filter((id) => !known.has(id))];
}

function keepGhost(order: string[], list: ListState): string[] {
  if (list.selected === undefined || order.includes(list.selected)) return order;
  const before = list.order.slice(0, list.order.indexOf(list.selected)).findLast((id) => order.includes(id));
  order.splice(before === undefined ? 0 : order.indexOf(before) + 1, 0, list.selected);
  return order;
}

/** Marks of rows that are gone are forgotten. */
function stillThere(marked: ReadonlySet<string>, rows: Rows): ReadonlySet<string> {
  const left = [...marked].filter((id) => rows.has(id));
  return left.length === marked.size ? marked : new Set(left);
}

/** The list after new rows, a new filter or a new sort; `before` are the rows that it was drawn from. */
export function refresh(old: ListState, rows: Rows, before: Rows, resort: boolean): ListState {
  const list = { ...old, marked: stillThere(old.marked, rows) };
  const matches = matcher(list.filter);
  const shown = [...rows.values()].filter(matches);
  const order = resort ? sorted(shown, list.sort) : extended(list.order, new Set(shown.map((row) => row.id)));
  if (list.selected === undefined) return { ...list, order };
  if (rows.has(list.selected)) {
    return order.includes(list.selected) ? { ...list, order, ghost: undefined } : { ...unselected(list), order };
  }
  const ghost = list.ghost ?? before.get(list.selected);
  return ghost === undefined ? { ...unselected(list), order } : { ...list, order: keepGhost(order, list), ghost };
}

function withoutGhost(list: ListState): readonly string[] {
  return list.ghost === undefined ? list.order : list.order.filter((id) => id !== list.ghost?.id);
}

export function unselected(list: ListState): ListState {
  return { ...list, order: withoutGhost(list), selected: undefined, line: 0, ghost: undefined };
}

/** Moves the selection by `steps` rows in a viewport of `height` lines; without a selection it takes the first row. */
export function move(list: ListState, steps: number, height: number): ListState {
  const at = list.selected === undefined ? -1 : list.order.indexOf(list.selected);
  const wanted = at < 0 ? 0 : Math.max(0, Math.min(list.order.length - 1, at + steps));
  const id = list.order[wanted];
  if (id === undefined || id === list.selected) return list;
  const line = at < 0 ? 0 : Math.max(0, Math.min(height - 1, list.line + wanted - at));
  const next = { ...list, selected: id, line, ghost: undefined };
  return { ...next, order: withoutGhost(list) };
}

/** The part of the list that a viewport of `height` lines shows. */
export function viewport(
  list: ListState,
  height: number,
): { readonly offset: number; readonly ids: readonly string[] } {
  const at = list.selected === undefined ? 0 : Math.max(0, list.order.indexOf(list.selected));
  const line = list.selected === undefined ? 0 : Math.max(0, Math.min(list.line, height - 1));
  const offset = Math.max(0, Math.min(at - line, list.order.length - height));
  return { offset, ids: list.order.slice(offset, offset + Math.max(0, height)) };
}

/** The list with `line` as a viewport of `height` lines really shows it. */
export function settle(list: ListState, height: number): ListState {
  if (list.selected === undefined) return list;
  const line = list.order.indexOf(list.selected) - viewport(list, height).offset;
  return line === list.line ? list : { ...list, line: Math.max(0, line) };
}

/** Marks the selected row, or takes its mark back, and goes to the next one. */
export function mark(list: ListState, height: number): ListState {
  const { selected, ghost } = list;
  if (selected === undefined || ghost !== undefined) return list;
  const marked = new Set(list.marked);
  if (!marked.delete(selected)) marked.add(selected);
  return move({ ...list, marked }, 1, height);
}

/** Marks every row that the filter shows; none when they all are. */
export function markAll(list: ListState): ListState {
  const all = list.order.every((id) => list.marked.has(id));
  return { ...list, marked: all ? new Set() : new Set(list.order) };
}
