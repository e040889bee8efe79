import { beginCapture } from "../model/capture.ts";
import { complete, eraseCommand, runCommand } from "../model/command.ts";
import { type Step, step } from "../model/message.ts";
import { activeList, type State } from "../model/state.ts";
import { setFilter } from "./filter.ts";
import type { KeyRow } from "./row.ts";

function scroll(lines: number): (state: State) => Step {
  return (state) =>
    state.mode.kind === "help" || state.mode.kind === "detail" || state.mode.kind === "text"
      ? step({ ...state, mode: { ...state.mode, top: Math.max(0, state.mode.top + lines) } })
      : step(state);
}

function scrollPage(direction: 1 | -1): (state: State) => Step {
  return (state) => scroll(direction * Math.max(1, state.rows - 5))(state);
}

function openDetail(state: State): Step {
  return step({ ...state, mode: { kind: "detail", top: 0 } });
}

function nothingSelected(state: State): string | undefined {
  return activeList(state).selected === undefined ? "select a row first" : undefined;
}

function browse(state: State): Step {
  return step({ ...state, mode: { kind: "browse" } });
}

function undoFilter(state: State): Step {
  return state.mode.kind === "filter" ? browse(setFilter(state, state.mode.before)) : step(state);
}

/** Keys of what is in front of the tables: details, commands, captures, the filter and the help. */
export const frontRows: readonly KeyRow[] = [
  {
    keys: ["enter"],
    layer: "list",
    shown: "Enter",
    what: "everything about the selected row",
    disabled: nothingSelected,
    act: openDetail,
  },
  {
    keys: ["down", "j"],
    layer: "detail",
    shown: "↓ j",
    what: "scroll down",
    hint: ["↑/↓", "scroll"],
    act: scroll(1),
  },
  { keys: ["up", "k"], layer: "detail", shown: "↑ k", what: "scroll up", act: scroll(-1) },
  {
    keys: ["escape", "q", "enter"],
    layer: "detail",
    shown: "Esc q",
    what: "back to the table",
    hint: ["Esc", "back"],
    act: browse,
  },
  {
    keys: ["a"],
    layer: "list",
    shown: "a",
    what: "who is attached, and what operators did",
    act: (state) => step({ ...state, mode: { kind: "attached" } }),
  },
  {
    keys: ["escape", "q", "enter", "a"],
    layer: "attached",
    shown: "Esc q",
    what: "close the list",
    hint: ["Esc", "close"],
    act: browse,
  },
  { keys: ["down", "j"], layer: "text", shown: "↓ j", what: "scroll down", hint: ["↑/↓", "scroll"], act: scroll(1) },
  { keys: ["up", "k"], layer: "text", shown: "↑ k", what: "scroll up", act: scroll(-1) },
  { keys: ["pagedown", " "], layer: "text", shown: "PgDn Space", what: "a page down", act: scrollPage(1) },
  { keys: ["pageup", "b"], layer: "text", shown: "PgUp b", what: "a page up", act: scrollPage(-1) },
  {
    keys: ["escape", "q", "enter"],
    layer: "text",
    shown: "Esc q",
    what: "close the text",
    hint: ["Esc", "close"],
    act: browse,
  },
  {
    keys: [":"],
    layer: "list",
    shown: ":",
    what: "a command of `sssonector ctl`, with completion",
    act: (state) => step({ ...state, mode: { kind: "command", text: "" } }),
  },
  {
    keys: ["enter"],
    layer: "command",
    shown: "Enter",
    what: "run it",
    hint: ["Enter", "run"],
    alone: true,
    act: runCommand,
  },
  { keys: ["tab"], layer: "command", shown: "Tab", what: "complete", hint: ["Tab", "complete"], act: complete },
  {
    keys: ["backspace"],
    layer: "command",
    shown: "Backspace",
    what: "take back a character",
    act: (state) => step(eraseCommand(state)),
  },
  { keys: ["escape"], layer: "command", shown: "Esc", what: "no command", hint: ["Esc", "cancel"], act: browse },
  {
    keys: ["c"],
    layer: "capture",
    shown: "c",
    what: "capture: copy inner packets into the file",
    hint: ["c", "capture"],
    alone: true,
    act: beginCapture,
  },
  {
    keys: ["escape", "q"],
    layer: "capture",
    shown: "Esc q",
    what: "capture nothing",
    hint: ["Esc", "nothing"],
    act: browse,
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
    act: scroll(1),
  },
  { keys: ["up", "k"], layer: "help", shown: "↑ k", what: "scroll up", act: scroll(-1) },
  {
    keys: ["escape", "q", "?", "enter"],
    layer: "help",
    shown: "Esc q ?",
    what: "close the help",
    hint: ["Esc", "close"],
    act: browse,
  },
];
