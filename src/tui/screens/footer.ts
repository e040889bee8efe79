import { fit, type Line, seg, type Segment, width } from "../draw/line.ts";
import { cut, drawable } from "../draw/text.ts";
import { type KeyRow, layerOf } from "../keys/row.ts";
import { keyRows } from "../keys/table.ts";
import { candidates } from "../model/command.ts";
import type { State } from "../model/state.ts";
import { twinOf } from "./twin.ts";

/** A key as it is written; without Unicode the arrows have names. */
export function keyName(shown: string, ascii: boolean): string {
  if (!ascii) return shown;
  return shown.replaceAll("↓", "Down").replaceAll("↑", "Up").replaceAll("←", "Left").replaceAll("→", "Right");
}

function hint(row: KeyRow, state: State): Segment[] {
  const off = row.disabled?.(state) !== undefined;
  const [keys, word] = row.hint ?? ["", ""];
  return [
    seg(` ${keyName(keys, state.setup.glyphs.ascii)}`, off ? "faint" : "key"),
    seg(` ${word} `, off ? "faint" : "dim"),
  ];
}

/** As many hints as fit, without the first ones when not all do: those are known soonest. */
function fitting(hints: readonly Line[], columns: number): Line {
  let room = columns;
  const shown = hints.toReversed().filter((hint) => {
    room -= width(hint);
    return room >= 0;
  });
  return shown.toReversed().flat();
}

/** The command that is typed, and what its last word could become. */
function commandLine(state: State, text: string): Line {
  const { glyphs } = state.setup;
  const typed = drawable(text).slice(Math.max(0, text.length - state.columns + 20));
  const found = state.notice ?? candidates(state).slice(0, 12).join(" ");
  return fit(
    [seg(" :", "key"), seg(typed, "strong"), seg(`${glyphs.caret} `, "key"), seg(drawable(found), "dim")],
    state.columns,
  );
}

/** The keys that count now and have a word for it. */
export function keysLine(state: State): Line {
  if (state.mode.kind === "command") return commandLine(state, state.mode.text);
  if (state.notice !== undefined) {
    const text = cut(drawable(state.notice), state.columns - 2, state.setup.glyphs.cut);
    return fit([seg(` ${text}`, "warn")], state.columns);
  }
  const layer = layerOf(state.mode);
  const rows = keyRows.filter((row) => row.layer === layer && row.hint !== undefined);
  const shown = rows.filter((row) => row.hintOn === undefined || row.hintOn.includes(state.tab));
  return fit(
    fitting(
      shown.map((row) => hint(row, state)),
      state.columns,
    ),
    state.columns,
  );
}

export function twinLine(state: State): Line {
  const text = cut(twinOf(state), state.columns - 4, state.setup.glyphs.cut);
  return fit([seg(" $ ", "faint"), seg(text, "dim")], state.columns);
}
