/** Every key of the console: what it does, when it can't and why. Help, footer and docs/keys.md are drawn from it. */
import type { Millis } from "../../shared/clock.ts";
import { closeDialog, confirm, moveFocus, openKick, whyNoKick } from "../model/kick.ts";
import { layout } from "../model/layout.ts";
import { type ListState, move, unselected } from "../model/list.ts";
import { type Step, step } from "../model/message.ts";
import { activeList, type State, withList } from "../model/state.ts";
import { tabOrder, tables } from "../tables/index.ts";
import type { TabName } from "../tables/table.ts";

/** Where a key counts. Keys of `always` go first, then those of what is in front: dialog, help, filter or list. */
export type Layer = "always" | "dialog" | "help" | "filter" | "list";

export interface KeyRow {
  readonly keys: readonly string[];
  readonly layer: Layer;
  /** How the keys are written. */
  readonly shown: string;
  readonly what: string;
  /** Key and word for the footer; rows without are in the help only. */
  readonly hint?: readonly [string, string];
  /** Counts only when it came alone, so that neither a paste nor a key repeat does it. */
  readonly alone?: true;
  /** Why it can't be done now. */
  disabled?(state: State): string | undefined;
  act(state: State, now: Millis): Step;
}

function edit(change: (list: ListState, height: number) => ListState): (state: State) => Step {
  return (state) => step(withList(state, change(activeList(state), layout(state).table)));
}

function show(tab: TabName): (state: State) => Step {
  return (state) => step({ ...state, tab });
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

function scrollHelp(lines: number): (state: State) => Step {
  return (state) =>
    state.mode.kind === "help"
      ? step({ ...state, mode: { kind: "help", top: Math.max(0, state.mode.top + lines) } })
      : step(state);
}

function browse(state: State): Step {
  return step({ ...state, mode: { kind: "browse" } });
}

function setFilter(state: State, filter: string): State {
  return withList(state, { ...activeList(state), filter });
}

function undoFilter(state: State): Step {
  return state.mode.kind === "filter" ? browse(setFilter(state, state.mode.before)) : step(state);
}

/** Esc takes back one thing: first the selection, then the filter. */
function back(state: State): Step {
  const list = activeList(state);
  return step(list.selected === undefined ? setFilter(state, "") : withList(state, unselected(list)));
}

export const keyRows: readonly KeyRow[] = [
  { keys: ["ctrl+c"], layer: "always", shown: "Ctrl-C", what: "quit", act: (state) => step(state, { kind: "quit" }) },
  {
    keys: ["ctrl+z"],
    layer: "always",
    shown: "Ctrl-Z",
    what: "suspend; `fg` brings the console back",
    act: (state) => step(state, { kind: "suspend" }),
  },
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
  { keys: ["1"], layer: "list", shown: "1", what: "connections", act: show("connections") },
  { keys: ["2"], layer: "list", shown: "2", what: "sessions", act: show("sessions") },
  { keys: ["3"], layer: "list", shown: "3", what: "events", act: show("events") },
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
    what: "filter: all words must occur, `!word` must not",
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
    keys: ["escape"],
    layer: "list",
    shown: "Esc",
    what: "give up the selection, then the filter",
    act: back,
  },
  {
    keys: ["x"],
    layer: "list",
    shown: "x",
    what: "kick the selected connection or session; asks first",
    hint: ["x", "kick"],
    alone: true,
    disabled: whyNoKick,
    act: openKick,
  },
  {
    keys: ["?"],
    layer: "list",
    shown: "?",
    what: "help",
    hint: ["?", "help"],
    act: (state) => step({ ...state, mode: { kind: "help", top: 0 } }),
  },
  {
    keys: ["q"],
    layer: "list",
    shown: "q",
    what: "quit",
    hint: ["q", "quit"],
    act: (state) => step(state, { kind: "quit" }),
  },

  {
    keys: ["left", "right", "tab", "shift+tab", "h", "l"],
    layer: "dialog",
    shown: "← → Tab",
    what: "choose the button",
    hint: ["Tab", "other button"],
    alone: true,
    act: moveFocus,
  },
  {
    keys: ["enter"],
    layer: "dialog",
    shown: "Enter",
    what: "press the chosen button (Cancel unless another was chosen)",
    hint: ["Enter", "press it"],
    alone: true,
    act: confirm,
  },
  {
    keys: ["escape", "q", "n"],
    layer: "dialog",
    shown: "Esc q n",
    what: "cancel",
    hint: ["Esc", "cancel"],
    act: (state) => step(closeDialog(state)),
  },

  { keys: ["enter"], layer: "filter", shown: "Enter", what: "keep the filter", hint: ["Enter", "keep"], act: browse },
  {
    keys: ["escape"],
    layer: "filter",
    shown: "Esc",
    what: "bring back the filter of before",
    hint: ["Esc", "as before"],
    act: undoFilter,
  },
  {
    keys: ["backspace"],
    layer: "filter",
    shown: "Backspace",
    what: "take back a character",
    act: (state) => step(setFilter(state, activeList(state).filter.slice(0, -1))),
  },
  {
    keys: ["ctrl+u"],
    layer: "filter",
    shown: "Ctrl-U",
    what: "empty the filter",
    hint: ["Ctrl-U", "empty"],
    act: (state) => step(setFilter(state, "")),
  },

  {
    keys: ["down", "j"],
    layer: "help",
    shown: "↓ j",
    what: "scroll down",
    hint: ["↑/↓", "scroll"],
    act: scrollHelp(1),
  },
  { keys: ["up", "k"], layer: "help", shown: "↑ k", what: "scroll up", act: scrollHelp(-1) },
  {
    keys: ["escape", "q", "?", "enter"],
    layer: "help",
    shown: "Esc q ?",
    what: "close the help",
    hint: ["Esc", "close"],
    act: browse,
  },
];

/** Longest filter, in characters. */
const filterLength = 60;

/** A character typed into the filter. */
export function typed(state: State, text: string): State {
  const { filter } = activeList(state);
  return filter.length + text.length > filterLength ? state : setFilter(state, filter + text);
}
