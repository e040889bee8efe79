/**
 * The kick dialog. A kick takes three different keys, each alone: one that opens it, one that moves the focus off
 * Cancel after the daemon's dry run has come, one that confirms after a pause. A paste or a held key has no pauses.
 */
import type { Millis } from "../../shared/clock.ts";
import { layout } from "./layout.ts";
import { type KickAnswer, type Step, step } from "./message.ts";
import { activeList, isStale, type KickDialog, mayAct, type State } from "./state.ts";
import { tables } from "../tables/index.ts";

/** Milliseconds without any key before a confirmation counts; key repeat and pastes are faster. */
export const quietBeforeConfirm = 150;
/** Milliseconds for which the dry run's text must have been on the screen. */
export const readBeforeConfirm = 400;

/** Why the selected row can't be kicked now; undefined when it can. */
export function whyNoKick(state: State): string | undefined {
  if (layout(state).small) return "the screen is too small for the dialog";
  if (state.setup.readOnly) return "the console was started with --read-only";
  if (isStale(state)) return "the data is stale: the daemon does not answer";
  if (!mayAct(state)) return "viewers may look only: control.operators lists who may act";
  if (state.tab === "events") return "choose a connection or a session first";
  const list = activeList(state);
  if (list.selected === undefined) return `select a ${tables[state.tab].noun} first`;
  return list.ghost === undefined ? undefined : `this ${tables[state.tab].noun} is gone`;
}

function withDialog(state: State, dialog: KickDialog): State {
  return { ...state, mode: { kind: "kick", dialog } };
}

export function closeDialog(state: State, notice?: string): State {
  return { ...state, mode: { kind: "browse" }, notice };
}

/** Opens the dialog for the selected row and asks the daemon for a dry run. */
export function openKick(state: State): Step {
  const target = activeList(state).selected;
  const label = target === undefined ? undefined : state.items.get(target)?.label;
  if (target === undefined || label === undefined) return step(state);
  const token = state.kicks + 1;
  const dialog: KickDialog = { target, label, phase: { kind: "asking" }, focus: "cancel", token };
  return step({ ...withDialog(state, dialog), kicks: token }, { kind: "kick", target, dryRun: true, token });
}

export function moveFocus(state: State): Step {
  if (state.mode.kind !== "kick" || state.mode.dialog.phase.kind !== "ready") return step(state);
  const { dialog } = state.mode;
  return step(withDialog(state, { ...dialog, focus: dialog.focus === "cancel" ? "kick" : "cancel" }));
}

/** Acts on the button that has the focus. */
export function confirm(state: State, now: Millis): Step {
  if (state.mode.kind !== "kick") return step(state);
  const { dialog } = state.mode;
  const { phase, target, token } = dialog;
  if (dialog.focus === "cancel") return step(closeDialog(state));
  if (phase.kind !== "ready") return step(state);
  if (now - state.lastKeyAt < quietBeforeConfirm || now - phase.since < readBeforeConfirm) {
    return step({ ...state, notice: "too fast: read, then press Enter once more" });
  }
  return step(withDialog(state, { ...dialog, phase: { kind: "sending" } }), {
    kind: "kick",
    target,
    dryRun: false,
    token,
  });
}

/** The daemon's answer to the dry run or to the kick itself. */
export function answered(state: State, token: number, answer: KickAnswer, now: Millis): State {
  const dialog = state.mode.kind === "kick" && state.mode.dialog.token === token ? state.mode.dialog : undefined;
  if (!answer.dryRun) {
    const notice = answer.ok ? answer.text : `not kicked: ${answer.text}`;
    return dialog === undefined ? { ...state, notice } : closeDialog(state, notice);
  }
  if (dialog === undefined) return state;
  const phase = answer.ok
    ? ({ kind: "ready", text: answer.text, since: now } as const)
    : ({ kind: "refused", text: answer.text } as const);
  return withDialog(state, { ...dialog, phase });
}

/** An open dialog when the daemon goes: there is nobody to act. */
export function linkLost(state: State): State {
  if (state.mode.kind !== "kick") return state;
  const phase = { kind: "refused", text: "the connection to the daemon was lost" } as const;
  return withDialog(state, { ...state.mode.dialog, phase, focus: "cancel" });
}
