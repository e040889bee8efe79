import { drawable } from "../draw/text.ts";
import { activeList, type State } from "../model/state.ts";

function quoted(word: string): string {
  return /^[\w.:@%+=/-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** The ctl command that does or shows what the console does or shows now. */
export function twinOf(state: State): string {
  const { ctl } = state.setup;
  if (state.mode.kind === "kick") return drawable(`${ctl} kick ${quoted(state.mode.dialog.target)}`);
  const { selected, ghost } = activeList(state);
  if (state.tab === "events") return `${ctl} events --follow`;
  if (selected === undefined || ghost !== undefined) return `${ctl} ${state.tab} --watch`;
  return drawable(`${ctl} kick ${quoted(selected)}`);
}
