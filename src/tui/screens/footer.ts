import { fit, type Line, seg, type Segment } from "../draw/line.ts";
import { cut, drawable } from "../draw/text.ts";
import { type KeyRow, keyRows, type Layer } from "../keys/table.ts";
import type { Mode, State } from "../model/state.ts";
import { twinOf } from "./twin.ts";

const layerOf: Record<Mode["kind"], Layer> = { browse: "list", filter: "filter", help: "help", kick: "dialog" };

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

/** The keys that count now and have a word for it. */
export function keysLine(state: State): Line {
  if (state.notice !== undefined) {
    const text = cut(drawable(state.notice), state.columns - 2, state.setup.glyphs.cut);
    return fit([seg(` ${text}`, "warn")], state.columns);
  }
  const layer = layerOf[state.mode.kind];
  const rows = keyRows.filter((row) => row.layer === layer && row.hint !== undefined);
  return fit(
    rows.flatMap((row) => hint(row, state)),
    state.columns,
  );
}

export function twinLine(state: State): Line {
  const text = cut(twinOf(state), state.columns - 4, state.setup.glyphs.cut);
  return fit([seg(" $ ", "faint"), seg(text, "dim")], state.columns);
}
