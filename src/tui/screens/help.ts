import { box } from "../draw/box.ts";
import { type Line, seg } from "../draw/line.ts";
import { drawable } from "../draw/text.ts";
import type { KeyRow, Layer } from "../keys/row.ts";
import { keyRows } from "../keys/table.ts";
import type { State } from "../model/state.ts";
import { keyName } from "./footer.ts";

/** Layers in the order of the help, with their headings. */
export const helpSections: readonly (readonly [Layer, string])[] = [
  ["list", "Tables"],
  ["dialog", "Dialog"],
  ["name", "Dialog that asks for the name: the last healthy backend"],
  ["filter", "Filter"],
  ["command", "Command"],
  ["edit", "Weight"],
  ["rate", "Rate"],
  ["detail", "Details"],
  ["attached", "Attached"],
  ["text", "What ctl says"],
  ["bundle", "Incident bundle"],
  ["capture", "Capture"],
  ["help", "Help"],
  ["always", "Everywhere"],
];

const notes = [
  "UP/s is from client to server, DOWN/s back, on both ends; bits a second.",
  "LIMITED BY is what holds a connection back.",
  "WEIGHT is what counts now of what is set; ! marks a weight that an operator pinned.",
  "The selected row stays under the cursor; others are sorted after 2 s of rest.",
];

function keyLines(row: KeyRow, state: State): Line[] {
  const name = keyName(row.shown, state.setup.glyphs.ascii).padEnd(14);
  const reason = row.disabled?.(state);
  const line = [seg(`   ${name}`, "key"), seg(` ${row.what}`)];
  return reason === undefined ? [line] : [line, [seg(`${" ".repeat(18)}not now: ${reason}`, "warn")]];
}

function helpText(state: State): Line[] {
  const rows = helpSections.flatMap(([layer, title]): Line[] => [
    [seg(` ${title}`, "strong")],
    ...keyRows.filter((row) => row.layer === layer).flatMap((row) => keyLines(row, state)),
    [],
  ]);
  const own = Object.entries(state.setup.keys).map(([key, stands]) => `Your key ${key} stands for ${stands}.`);
  return [...rows, ...[...notes, ...own].map((note): Line => [seg(` ${drawable(note)}`, "dim")])];
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
