/** The editor of a backend's weight: it only chooses a number, the act has its dialog. */
import { limits } from "../../shared/control/protocol.ts";
import { actions } from "./actions.ts";
import { openDialog, whyNot } from "./dialog.ts";
import { type Step, step } from "./message.ts";
import { activeList, type Editor, type State } from "./state.ts";

/** Milliseconds in which a change wants to be confirmed, unless that was turned off. */
export const confirmWithin = 60_000;

function withEditor(state: State, editor: Editor): State {
  return { ...state, mode: { kind: "edit", editor } };
}

/** Why no weight can be edited now; undefined when one can. */
export function whyNoEdit(state: State): string | undefined {
  return whyNot(state.tab === "buckets" ? "set_rate" : "set_weight", state);
}

export function openEditor(state: State): Step {
  const backend = activeList(state).selected;
  const row = state.snapshot?.backends.find(({ name }) => name === backend);
  if (row === undefined) return step(state);
  return step(withEditor(state, { backend: row.name, from: row.weight, text: String(row.weight), confirm: true }));
}

function edit(change: (editor: Editor) => Editor): (state: State) => Step {
  return (state) => step(state.mode.kind === "edit" ? withEditor(state, change(state.mode.editor)) : state);
}

function within(weight: number): number {
  const { min, max } = limits.weight;
  return Math.max(min, Math.min(max, Math.round(weight)));
}

/** Changes the weight by a share of what it is, at least by one. */
export function nudge(share: number): (state: State) => Step {
  return edit((editor) => {
    const now = weightOf(editor) ?? editor.from;
    const number = now === "auto" ? editor.from : now;
    const by = Math.sign(share) * Math.max(1, Math.round(Math.abs(number * share)));
    return { ...editor, text: String(within(number + by)) };
  });
}

export const toAuto: (state: State) => Step = edit((editor) => ({ ...editor, text: "auto" }));

export const toggleConfirm: (state: State) => Step = edit((editor) => ({ ...editor, confirm: !editor.confirm }));

export const backspace: (state: State) => Step = edit((editor) => ({
  ...editor,
  text: editor.text === "auto" ? "" : editor.text.slice(0, -1),
}));

/** A digit; the first one takes the place of what was there. */
export function typeDigit(state: State, digit: string): State {
  if (state.mode.kind !== "edit" || !/^\d$/.test(digit)) return state;
  const { editor } = state.mode;
  const fresh = editor.text === "auto" || editor.text === String(editor.from);
  return withEditor(state, { ...editor, text: fresh ? digit : `${editor.text}${digit}`.slice(0, 3) });
}

/** What was typed; undefined: no weight. */
export function weightOf({ text }: Pick<Editor, "text">): number | "auto" | undefined {
  if (text === "auto") return text;
  return /^\d{1,3}$/.test(text) && Number(text) <= limits.weight.max ? Number(text) : undefined;
}

/** Goes on to the dialog. */
export function submit(state: State): Step {
  if (state.mode.kind !== "edit") return step(state);
  const weight = weightOf(state.mode.editor);
  if (weight === undefined) {
    return step({ ...state, notice: `a weight is ${limits.weight.min} to ${limits.weight.max}, or auto` });
  }
  const args = { weight, ...(state.mode.editor.confirm ? { confirmWithin } : {}) };
  return openDialog("set_weight", { ...state, mode: { kind: "browse" } }, args);
}

/** Keeps what waits to be confirmed; it is no dialog's matter, since nothing changes. */
export function keepChanges(state: State): Step {
  const token = state.dialogs + 1;
  const order = { action: "confirm", targets: [""], args: {} } as const;
  const revision = state.snapshot?.control.revision ?? 0;
  const effect = { kind: "act", order, dryRun: false, acceptRisk: false, revision, token } as const;
  return step({ ...state, dialogs: token, notice: actions.confirm.doing }, effect);
}
