import { drawable } from "../draw/text.ts";
import { actions } from "../model/actions.ts";
import { activeList, type Dialog, type State } from "../model/state.ts";

function quoted(word: string): string {
  return /^[\w.:@%+=/-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** The dialog's command; the risk is accepted in it when the name had to be typed for that. */
function dialogTwin(ctl: string, { action, target, phase }: Dialog): string {
  const risk = phase.kind === "sending" ? phase.acceptRisk : phase.kind === "ready" && phase.typed !== undefined;
  return `${ctl} ${actions[action].verb} ${quoted(target)}${risk ? " --accept-risk" : ""}`;
}

/** The ctl command that does or shows what the console does or shows now. */
export function twinOf(state: State): string {
  const { ctl } = state.setup;
  if (state.mode.kind === "act") return drawable(dialogTwin(ctl, state.mode.dialog));
  const { selected, ghost } = activeList(state);
  if (state.tab === "events") return `${ctl} events --follow`;
  const offer = selected === undefined ? undefined : state.items.get(selected)?.offer;
  if (selected === undefined || offer === undefined || ghost !== undefined) return `${ctl} ${state.tab} --watch`;
  return drawable(`${ctl} ${actions[offer].verb} ${quoted(selected)}`);
}
