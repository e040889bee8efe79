import { step } from "../model/message.ts";
import { freeze, goLive, jump, rewind } from "../model/time.ts";
import { twinOf } from "../screens/twin.ts";
import type { KeyRow } from "./row.ts";

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
    keys: ["y"],
    layer: "list",
    shown: "y",
    what: "copy the ctl command (to the terminal's clipboard, by OSC 52)",
    act: (state) => step({ ...state, notice: `copied: ${twinOf(state)}` }, { kind: "copy", text: twinOf(state) }),
  },
];
