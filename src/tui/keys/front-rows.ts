import { type Step, step } from "../model/message.ts";
import { activeList, type State } from "../model/state.ts";
import { setFilter } from "./filter.ts";
import type { KeyRow } from "./row.ts";

function scrollHelp(lines: number): (state: State) => Step {
  return (state) =>
    state.mode.kind === "help"
      ? step({ ...state, mode: { kind: "help", top: Math.max(0, state.mode.top + lines) } })
      : step(state);
}

function browse(state: State): Step {
  return step({ ...state, mode: { kind: "browse" } });
}

function undoFilter(state: State): Step {
  return state.mode.kind === "filter" ? browse(setFilter(state, state.mode.before)) : step(state);
}

/** Keys of the filter and of the help. */
export const frontRows: readonly KeyRow[] = [
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
