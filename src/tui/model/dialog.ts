/**
 * The dialog of an act. An act takes three different keys, each alone: one that opens the dialog, one that moves the
 * focus off Cancel after the daemon's dry run has come, one that confirms after a pause. A paste or a held key has no
 * pauses. What would take the last healthy backend, cut the operator's own connection, or is done to several rows wants
 * a name typed as well.
 */
import type { Millis } from "../../shared/clock.ts";
import { tables } from "../tables/index.ts";
import { type ActionName, actions, type Args, type Order, targetTabs } from "./actions.ts";
import { layout } from "./layout.ts";
import { type Answer, type Step, step } from "./message.ts";
import { activeList, type Dialog, isStale, mayAct, type State } from "./state.ts";

/** Milliseconds without any key before a confirmation counts; key repeat and pastes are faster. */
export const quietBeforeConfirm = 150;
/** Milliseconds for which the dry run's text must have been on the screen. */
export const readBeforeConfirm = 400;

/** Why nothing can be done now, whatever it is; undefined when it can. */
export function whyNotAtAll(state: State): string | undefined {
  if (layout(state).small) return "the screen is too small for the dialog";
  if (state.setup.readOnly) return "the console was started with --read-only";
  if (state.setup.recording !== undefined) return "this is a recording";
  if (state.time.kind === "past") return "this is the past; L goes back to now";
  if (isStale(state)) return "the data is stale: the daemon does not answer";
  return mayAct(state) ? undefined : "viewers may look only: control.operators lists who may act";
}

/** Why the act can't be done to the selected row now; undefined when it can. */
export function whyNot(name: ActionName, state: State): string | undefined {
  const reason = whyNotAtAll(state);
  const { target } = actions[name];
  if (reason !== undefined || target === "none") return reason;
  const { tabs, elsewhere } = targetTabs[target];
  if (!tabs.includes(state.tab)) return elsewhere;
  const list = activeList(state);
  if (list.marked.size > 0) return undefined;
  if (list.selected === undefined) return `select a ${tables[state.tab].noun} first`;
  return list.ghost === undefined ? undefined : `this ${tables[state.tab].noun} is gone`;
}

function withDialog(state: State, dialog: Dialog): State {
  return { ...state, mode: { kind: "act", dialog } };
}

export function closeDialog(state: State, notice?: string): State {
  return { ...state, mode: { kind: "browse" }, notice };
}

/** Opens the dialog of an act on the marked rows, or on the selected one. */
export function openDialog(action: ActionName, state: State, args: Args = {}): Step {
  if (actions[action].target === "none") return openOrder({ action, targets: [""], args }, state);
  const { selected, marked, order } = activeList(state);
  const targets = marked.size > 0 ? order.filter((id) => marked.has(id)) : selected === undefined ? [] : [selected];
  return targets.length === 0 ? step(state) : openOrder({ action, targets, args }, state);
}

/**
 * Opens the dialog of an order and asks the daemon for a dry run. The risk is accepted there, since only then does the
 * daemon tell what the act would do to the last healthy backend.
 */
export function openOrder(order: Order, state: State): Step {
  const token = state.dialogs + 1;
  const revision = state.snapshot?.control.revision ?? 0;
  const dialog: Dialog = { order, revision, phase: { kind: "asking" }, focus: "cancel", token };
  const effect = { kind: "act", order, dryRun: true, acceptRisk: true, revision, token } as const;
  return step({ ...withDialog(state, dialog), dialogs: token }, effect);
}

/** What has to be typed before the button can be chosen; undefined: nothing. */
export function wantedName({ order, phase }: Dialog, state: State): string | undefined {
  if (phase.kind !== "ready") return undefined;
  const { action, targets } = order;
  if (targets.length > 1) return `${actions[action].verb} ${targets.length}`;
  if (phase.risk === undefined) return undefined;
  return targets[0] === "" ? state.snapshot?.status.name : targets[0];
}

/** Why the button can't be chosen yet; undefined when it can. */
export function whyNotChosen(state: State): string | undefined {
  if (state.mode.kind !== "act") return undefined;
  const { dialog } = state.mode;
  const wanted = wantedName(dialog, state);
  if (dialog.phase.kind !== "ready" || wanted === undefined || dialog.phase.typed === wanted) return undefined;
  return `type ${wanted} first`;
}

/** Whether the dialog has a line for a name. */
export function asksName(dialog: Dialog): boolean {
  const { phase, order } = dialog;
  return phase.kind === "ready" && (phase.risk !== undefined || order.targets.length > 1);
}

export function moveFocus(state: State): Step {
  if (state.mode.kind !== "act" || state.mode.dialog.phase.kind !== "ready") return step(state);
  const { dialog } = state.mode;
  return step(withDialog(state, { ...dialog, focus: dialog.focus === "cancel" ? "act" : "cancel" }));
}

/** Longest name that can be typed. */
const nameLength = 256;

/** Changes the typed name; the focus goes back to Cancel. */
export function editName(state: State, change: (typed: string) => string): State {
  if (state.mode.kind !== "act") return state;
  const { dialog } = state.mode;
  const { phase } = dialog;
  if (phase.kind !== "ready" || !asksName(dialog)) return state;
  const typed = change(phase.typed).slice(0, nameLength);
  return withDialog(state, { ...dialog, phase: { ...phase, typed }, focus: "cancel" });
}

/** Acts on the button that has the focus. */
export function confirm(state: State, now: Millis): Step {
  if (state.mode.kind !== "act") return step(state);
  const { dialog } = state.mode;
  const { order, phase, revision, token } = dialog;
  if (dialog.focus === "cancel") return step(closeDialog(state));
  if (phase.kind !== "ready" || whyNotChosen(state) !== undefined) return step(state);
  if (now - state.lastKeyAt < quietBeforeConfirm || now - phase.since < readBeforeConfirm) {
    return step({ ...state, notice: "too fast: read, then press Enter once more" });
  }
  const acceptRisk = phase.risk !== undefined;
  const effect = { kind: "act", order, dryRun: false, acceptRisk, revision, token } as const;
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
  const { text, risk } = answer;
  const phase = answer.ok
    ? ({ kind: "ready", text, since: now, risk, typed: "" } as const)
    : ({ kind: "refused", text } as const);
  return withDialog(state, { ...dialog, phase });
}

/** An open dialog when the daemon goes: there is nobody to act. */
export function linkLost(state: State): State {
  if (state.mode.kind !== "act") return state;
  const phase = { kind: "refused", text: "the connection to the daemon was lost" } as const;
  return withDialog(state, { ...state.mode.dialog, phase, focus: "cancel" });
}
