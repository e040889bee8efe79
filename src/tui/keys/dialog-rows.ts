import { closeDialog, confirm, editName, moveFocus, whyNotChosen } from "../model/dialog.ts";
import { step } from "../model/message.ts";
import type { KeyRow } from "./row.ts";

/** Keys of a dialog, and of one that wants a name typed. */
export const dialogRows: readonly KeyRow[] = [
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
  {
    keys: ["left", "right", "tab", "shift+tab"],
    layer: "name",
    shown: "← → Tab",
    what: "choose the button, once the name is typed",
    hint: ["Tab", "other button"],
    alone: true,
    disabled: whyNotChosen,
    act: moveFocus,
  },
  {
    keys: ["enter"],
    layer: "name",
    shown: "Enter",
    what: "press the chosen button (Cancel unless another was chosen)",
    hint: ["Enter", "press it"],
    alone: true,
    act: confirm,
  },
  {
    keys: ["backspace"],
    layer: "name",
    shown: "Backspace",
    what: "take back a character",
    act: (state) => step(editName(state, (typed) => typed.slice(0, -1))),
  },
  {
    keys: ["escape"],
    layer: "name",
    shown: "Esc",
    what: "cancel",
    hint: ["Esc", "cancel"],
    act: (state) => step(closeDialog(state)),
  },
];
