import { formatDuration } from "../../shared/units.ts";
import { drawable } from "../draw/text.ts";
import { actions, argumentWords, type Order } from "../model/actions.ts";
import type { CaptureOrder } from "../model/capture.ts";
import { activeList, type Dialog, type State } from "../model/state.ts";

function quoted(word: string): string {
  return /^[\w.:@%+=/-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** The commands of an order, one for each of its targets. */
function orderTwin(ctl: string, { action, targets, args }: Order, risk: boolean): string {
  const tail = [...argumentWords(args), ...(risk ? ["--accept-risk"] : [])];
  const command = (target: string): string =>
    [ctl, actions[action].verb, ...(target === "" ? [] : [quoted(target)]), ...tail.map(quoted)].join(" ");
  return targets.map(command).join("; ");
}

/** The dialog's command; the risk is accepted in it when the name had to be typed for that. */
function dialogTwin(ctl: string, { order, phase }: Dialog): string {
  const risk = phase.kind === "sending" ? phase.acceptRisk : phase.kind === "ready" && phase.risk !== undefined;
  return orderTwin(ctl, order, risk);
}

function editorTwin(ctl: string, verb: string, target: string, value: string): string {
  return `${ctl} ${verb} ${quoted(target)} ${quoted(value)}`;
}

function captureTwin(ctl: string, { file, session, time }: CaptureOrder): string {
  const only = session === undefined ? "" : ` --session ${quoted(session)}`;
  return `${ctl} capture -w ${quoted(file)}${only} --for ${formatDuration(time)}`;
}

/** The ctl command that does or shows what the console does or shows now. */
export function twinOf(state: State): string {
  const { ctl } = state.setup;
  if (state.mode.kind === "act") return drawable(dialogTwin(ctl, state.mode.dialog));
  if (state.mode.kind === "text") return `${ctl} ${state.mode.verb}`;
  if (state.mode.kind === "capture") return drawable(captureTwin(ctl, state.mode.order));
  const { selected, ghost, marked, order } = activeList(state);
  if (state.mode.kind === "rate")
    return drawable(editorTwin(ctl, "set-rate", state.mode.editor.bucket, state.mode.editor.text));
  if (state.mode.kind === "edit")
    return drawable(editorTwin(ctl, "set-weight", state.mode.editor.backend, state.mode.editor.text));
  if (state.tab === "events" || state.tab === "logs") return `${ctl} ${state.tab} --follow`;
  const offer = selected === undefined ? undefined : state.items.get(selected)?.offer;
  if (selected === undefined || offer === undefined || ghost !== undefined) return `${ctl} ${state.tab} --watch`;
  const targets = marked.size > 0 ? order.filter((id) => marked.has(id)) : [selected];
  return drawable(orderTwin(ctl, { action: offer, targets, args: {} }, false), 1000);
}
