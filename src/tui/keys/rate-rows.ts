import { step } from "../model/message.ts";
import { emptyRate, eraseRate, nextTime, nudgeRate, submitRate, toggleRateConfirm } from "../model/rate-edit.ts";
import type { KeyRow } from "./row.ts";

/** Keys of the editor of a rate; every other character is text. */
export const rateRows: readonly KeyRow[] = [
  { keys: ["+", "up"], layer: "rate", shown: "+ ↑", what: "10 % more", hint: ["+", "more"], act: nudgeRate(0.1) },
  { keys: ["-", "down"], layer: "rate", shown: "- ↓", what: "10 % less", hint: ["-", "less"], act: nudgeRate(-0.1) },
  {
    keys: ["right", "left"],
    layer: "rate",
    shown: "← →",
    what: "for how long: until it is changed, a minute, ten, an hour",
    hint: ["→", "for how long"],
    act: nextTime,
  },
  {
    keys: ["tab"],
    layer: "rate",
    shown: "Tab",
    what: "revert by itself unless confirmed, or not",
    hint: ["Tab", "confirm"],
    act: toggleRateConfirm,
  },
  { keys: ["backspace"], layer: "rate", shown: "Backspace", what: "take back a character", act: eraseRate },
  { keys: ["ctrl+u"], layer: "rate", shown: "Ctrl-U", what: "empty it", act: emptyRate },
  {
    keys: ["enter"],
    layer: "rate",
    shown: "Enter",
    what: "ask the daemon",
    hint: ["Enter", "ask"],
    alone: true,
    act: submitRate,
  },
  {
    keys: ["escape"],
    layer: "rate",
    shown: "Esc",
    what: "leave the rate as it is",
    hint: ["Esc", "cancel"],
    act: (state) => step({ ...state, mode: { kind: "browse" } }),
  },
];
