import { box } from "../draw/box.ts";
import { type Line, seg } from "../draw/line.ts";
import { keyRows, type Layer } from "../keys/table.ts";
import type { State } from "../model/state.ts";
import { keyName } from "./footer.ts";

/** Layers in the order of the help, with their headings. */
export const helpSections: readonly (readonly [Layer, string])[] = [
  ["list", "Tables"],
  ["dialog", "Dialog"],
  ["filter", "Filter"],
  ["help", "Help"],
  ["always", "Everywhere"],
];

const notes = [
  "UP is from the client to the server, DOWN the other way, on both ends; bits a second.",
  "LIMITED BY names what holds a connection back; the selected row stays under the cursor.",
];

function helpText(state: State): Line[] {
  const rows = helpSections.flatMap(([layer, title]): Line[] => [
    [seg(` ${title}`, "strong")],
    ...keyRows
      .filter((row) => row.layer === layer)
      .map((row): Line => {
        const reason = row.disabled?.(state);
        const why = reason === undefined ? [] : [seg(` (now: ${reason})`, "warn")];
        return [seg(`   ${keyName(row.shown, state.setup.glyphs.ascii).padEnd(12)}`, "key"), seg(row.what), ...why];
      }),
    [],
  ]);
  return [...rows, ...notes.map((note): Line => [seg(` ${note}`, "dim")])];
}

/** The help in a box of at most the screen's size, drawn from the key table; `top` lines are scrolled away. */
export function helpBox(state: State): Line[] {
  const top = state.mode.kind === "help" ? state.mode.top : 0;
  const lines = helpText({ ...state, mode: { kind: "browse" } });
  const height = Math.max(1, Math.min(lines.length, state.rows - 4));
  const from = Math.min(top, lines.length - height);
  const rest = lines.length - height - from;
  const remark = rest > 0 ? [seg(`${rest} more ${state.setup.glyphs.down}`, "dim")] : [];
  const edges = { title: [seg("help", "strong")], remark };
  return box(edges, lines.slice(from, from + height), Math.min(92, state.columns - 2), state.setup.glyphs);
}
