import { themes } from "../draw/paint.ts";
import { type Step, step } from "../model/message.ts";
import type { State } from "../model/state.ts";
import { freeze, goLive, jump, rewind } from "../model/time.ts";
import { twinOf } from "../screens/twin.ts";
import type { KeyRow } from "./row.ts";

function write(masked: boolean): (state: State) => Step {
  return (state) =>
    step({ ...state, mode: { kind: "browse" }, notice: "writing the incident bundle" }, { kind: "bundle", masked });
}

/** Keys that choose the second on the screen, and the one that copies. */
export const timeRows: readonly KeyRow[] = [
  {
    keys: ["p"],
    layer: "list",
    shown: "p",
    what: "freeze the screen; again: back to now",
    hint: ["p", "freeze"],
    act: freeze,
  },
  {
    keys: [","],
    layer: "list",
    shown: ",",
    what: "a second back, up to 15 minutes",
    hint: [",", "rewind"],
    act: rewind(-1),
  },
  { keys: ["."], layer: "list", shown: ".", what: "a second on", act: rewind(1) },
  { keys: ["<"], layer: "list", shown: "<", what: "a minute back", act: rewind(-60) },
  { keys: [">"], layer: "list", shown: ">", what: "a minute on", act: rewind(60) },
  { keys: ["["], layer: "list", shown: "[", what: "back to the event before", act: jump(-1) },
  { keys: ["]"], layer: "list", shown: "]", what: "on to the next event", act: jump(1) },
  { keys: ["L"], layer: "list", shown: "L", what: "live: back to now", act: goLive },
  {
    keys: ["t"],
    layer: "list",
    shown: "t",
    what: "next theme: blue and orange, for a light background, without colours",
    act: (state) => {
      const theme = themes[(themes.indexOf(state.theme) + 1) % themes.length] ?? state.theme;
      return step({ ...state, theme, notice: `theme ${theme}` });
    },
  },
  {
    keys: ["W"],
    layer: "list",
    shown: "W",
    what: "write an incident bundle: 15 minutes of history, events, this screen",
    act: (state) => step({ ...state, mode: { kind: "bundle" } }),
  },
  { keys: ["w"], layer: "bundle", shown: "w", what: "write it as it is", hint: ["w", "write"], act: write(false) },
  {
    keys: ["m"],
    layer: "bundle",
    shown: "m",
    what: "write it with names and addresses masked",
    hint: ["m", "write with names masked"],
    act: write(true),
  },
  {
    keys: ["escape", "q"],
    layer: "bundle",
    shown: "Esc q",
    what: "write nothing",
    hint: ["Esc", "nothing"],
    act: (state) => step({ ...state, mode: { kind: "browse" } }),
  },
  {
    keys: ["y"],
    layer: "list",
    shown: "y",
    what: "copy the ctl command (to the terminal's clipboard, by OSC 52)",
    act: (state) => step({ ...state, notice: `copied: ${twinOf(state)}` }, { kind: "copy", text: twinOf(state) }),
  },
];
