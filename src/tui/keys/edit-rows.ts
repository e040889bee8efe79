import { backspace, keepChanges, nudge, openEditor, submit, toAuto, toggleConfirm, whyNoEdit } from "../model/edit.ts";
import { step } from "../model/message.ts";
import { openRateEditor } from "../model/rate-edit.ts";
import type { State } from "../model/state.ts";
import type { KeyRow } from "./row.ts";

function nothingWaits(state: State): string | undefined {
  return (state.snapshot?.control.unconfirmed.length ?? 0) > 0 ? undefined : "nothing waits to be confirmed";
}

/** Keys that open the editor of a weight, those of the editor, and the one that confirms. */
export const editRows: readonly KeyRow[] = [
  {
    keys: ["w"],
    layer: "list",
    shown: "w",
    what: "edit the selected backend's weight, or the bucket's rate; asks first",
    hint: ["w", "edit"],
    hintOn: ["backends", "buckets"],
    alone: true,
    disabled: whyNoEdit,
    act: (state) => (state.tab === "buckets" ? openRateEditor(state) : openEditor(state)),
  },
  {
    keys: ["c"],
    layer: "list",
    shown: "c",
    what: "confirm your changes that would revert by themselves",
    alone: true,
    disabled: nothingWaits,
    act: keepChanges,
  },
  { keys: ["+", "up"], layer: "edit", shown: "+ ↑", what: "10 % more", hint: ["+", "more"], act: nudge(0.1) },
  { keys: ["-", "down"], layer: "edit", shown: "- ↓", what: "10 % less", hint: ["-", "less"], act: nudge(-0.1) },
  { keys: ["a"], layer: "edit", shown: "a", what: "auto: what health and load say", hint: ["a", "auto"], act: toAuto },
  {
    keys: ["tab"],
    layer: "edit",
    shown: "Tab",
    what: "revert by itself unless confirmed, or not",
    hint: ["Tab", "confirm"],
    act: toggleConfirm,
  },
  { keys: ["backspace"], layer: "edit", shown: "Backspace", what: "take back a digit", act: backspace },
  {
    keys: ["enter"],
    layer: "edit",
    shown: "Enter",
    what: "ask the daemon",
    hint: ["Enter", "ask"],
    alone: true,
    act: submit,
  },
  {
    keys: ["escape", "q"],
    layer: "edit",
    shown: "Esc q",
    what: "leave the weight as it is",
    hint: ["Esc", "cancel"],
    act: (state) => step({ ...state, mode: { kind: "browse" } }),
  },
];
