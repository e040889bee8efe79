/**
 * The dialog of an act. An act takes three different keys, each alone: one that opens the dialog, one that moves the
 * focus off Cancel after the daemon's dry run has come, one that confirms after a pause. A paste or a held key has no
 * pauses. What would take the last healthy backend wants its name typed as well.
 */
import type { Millis } from "../../shared/clock.ts";
import { tables } from "../tables/index.ts";
import { type ActionName, actions } from "./actions.ts";
import { layout } from "./layout.ts";
import { type Answer, type Step, step } from "./message.ts";
import { activeList, type Dialog, isStale, mayAct, type State } from "./state.ts";

/** Milliseconds without any key before a confirmation counts; key repeat and pastes are faster. */
export const quietBeforeConfirm = 150;
/** Milliseconds for which the dry run's text must have been on the screen. */
export const readBeforeConfirm = 400;

/** Why the act can't be done to the selected row now; undefined when it can. */
export function whyNot(name: ActionName, state: State): string | undefined {
  if (layout(state).small) return "the screen is too small for the dialog";
  if (state.setup.readOnly) return "the console was started with --read-only";
  if (isStale(state)) return "the data is stale: the daemon does not answer";
  if (!mayAct(state)) return "viewers may look only: control.operators lists who may act";
  const { tabs, elsewhere } = actions[name];
  if (!tabs.includes(state.tab)) return elsewhere;
  const list = activeList(state);
  if (list.selected === undefined) return `select a ${tables[state.tab].noun} first`;
  return list.ghost === undefined ? undefined : `this ${tables[state.tab].noun} is gone`;
}

function withDialog(state: State, dialog: Dialog): State {
  return { ...state, mode: { kind: "act", dialog } };
}

export function closeDialog(state: State, notice?: string): State {
  return { ...state, mode: { kind: "browse" }, notice };
}

/**
 * Opens the dialog for the selected row and asks the daemon for a dry run. The risk is accepted there, since only then
 * does the daemon tell what the act would do to the last healthy backend.
 */
export function openDialog(action: ActionName, state: State): Step {
  const target = activeList(state).selected;
  const label = target === undefined ? undefined : state.items.get(target)?.label;
  if (target === undefined || label === undefined) return step(state);
  const token = state.dialogs + 1;
  const dialog: Dialog = { action, target, label, phase: { kind: "asking" }, focus: "cancel", token };
  const effect = { kind: "act", action, target, dryRun: true, acceptRisk: true, token } as const;
  return step({ ...withDialog(state, dialog), dialogs: token }, effect);
}

/** Why the button can't be chosen yet; undefined when it can. */
export function whyNotChosen(state: State): string | undefined {
  if (state.mode.kind !== "act") return undefined;
  const { phase, target } = state.mode.dialog;
  if (phase.kind !== "ready" || phase.typed === undefined || phase.typed === target) return undefined;
  return "type the backend's name first";
}

export function moveFocus(state: State): Step {
  if (state.mode.kind !== "act" || state.mode.dialog.phase.kind !== "ready") return step(state);
  const { dialog } = state.mode;
  return step(withDialog(state, { ...dialog, focus: dialog.focus === "cancel" ? "act" : "cancel" }));
}

/** Changes the typed name; the focus goes back to Cancel. */
export function editName(state: State, change: (typed: string) => string): State {
  if (state.mode.kind !== "act") return state;
  const { dialog } = state.mode;
  const { phase } = dialog;
  if (phase.kind !== "ready" || phase.typed === undefined) return state;
  const typed = change(phase.typed).slice(0, dialog.target.length + 1);
  return withDialog(state, { ...dialog, phase: { ...phase, typed }, focus: "cancel" });
}

/** Acts on the button that has the focus. */
export function confirm(state: State, now: Millis): Step {
  if (state.mode.kind !== "act") return step(state);
  const { dialog } = state.mode;
  const { action, phase, target, token } = dialog;
  if (dialog.focus === "cancel") return step(closeDialog(state));
  if (phase.kind !== "ready") return step(state);
  if (now - state.lastKeyAt < quietBeforeConfirm || now - phase.since < readBeforeConfirm) {
    return step({ ...state, notice: "too fast: read, then press Enter once more" });
  }
  const acceptRisk = phase.typed !== undefined;
  const effect = { kind: "act", action, target, dryRun: false, acceptRisk, token } as const;
  return step(withDialog(state, { ...dialog, phase: { kind: "sending", acceptRisk } }), effect);
}

/** The daemon's answer to the dry run or to the act itself. */
export function answered(state: State, token: number, answer: Answer, now: Millis): State {
  const dialog = state.mode.kind === "act" && state.mode.dialog.token === token ? state.mode.dialog : undefined;
  if (!answer.dryRun) {
    const notice = answer.ok ? answer.text : `not done: ${answer.text}`;
    return dialog === undefined ? { ...state, notice } : closeDialog(state, notice);
  }
  if (dialog === undefined) return state;
  const phase = answer.ok
    ? ({ kind: "ready", text: answer.text, since: now, typed: answer.lastHealthy ? "" : undefined } as const)
    : ({ kind: "refused", text: answer.text } as const);
  return withDialog(state, { ...dialog, phase });
}

/** An open dialog when the daemon goes: there is nobody to act. */
export function linkLost(state: State): State {
  if (state.mode.kind !== "act") return state;
  const phase = { kind: "refused", text: "the connection to the daemon was lost" } as const;
  return withDialog(state, { ...state.mode.dialog, phase, focus: "cancel" });
}
