import { box } from "../draw/box.ts";
import { type Line, seg } from "../draw/line.ts";
import { cut, drawable } from "../draw/text.ts";
import type { State } from "../model/state.ts";

/** Longest line of a text that is looked at. */
const longest = 2000;

/** What ctl says to a verb that has no tab, in a box of the screen's size; `top` lines are scrolled away. */
export function textBox({ columns, rows, setup }: State, verb: string, text: readonly string[], top: number): Line[] {
  const { glyphs } = setup;
  const outer = columns - 2;
  const height = Math.max(1, Math.min(text.length, rows - 4));
  const from = Math.min(top, text.length - height);
  const rest = text.length - height - from;
  const remark = rest > 0 ? [seg(`${rest} more ${glyphs.down}`, "dim")] : [];
  const shown = text.slice(from, from + height);
  const lines = shown.map((line): Line => [seg(` ${cut(drawable(line, longest), outer - 4, glyphs.cut)}`)]);
  return box({ title: [seg(verb, "strong")], remark }, lines, outer, glyphs);
}
