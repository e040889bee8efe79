import { box } from "../draw/box.ts";
import { type Line, seg } from "../draw/line.ts";
import { cut, drawable } from "../draw/text.ts";
import { confirmWithin, weightOf } from "../model/edit.ts";
import type { Editor, State } from "../model/state.ts";

/** The box in which a backend's weight is chosen. */
export function editBox(state: State, editor: Editor): Line[] {
  const { glyphs } = state.setup;
  const outer = Math.min(60, state.columns - 4);
  const right = weightOf(editor) !== undefined;
  const name = cut(drawable(editor.backend), outer - 20, glyphs.cut);
  const seconds = confirmWithin / 1000;
  const reverts = editor.confirm ? `reverts after ${seconds} s unless you confirm it (c)` : "stays until it is changed";
  return box(
    { title: [seg(`weight of ${name}`, "strong")] },
    [
      [],
      [
        seg(`  ${editor.from} → `.replace("→", glyphs.ascii ? "to" : "→"), "dim"),
        seg(editor.text, right ? "strong" : "warn"),
        seg(glyphs.caret, "key"),
      ],
      [],
      [seg(`  ${reverts}`, "dim")],
      [],
      [seg("  + - 10 %, digits, a auto, Tab confirm, Enter", "dim")],
    ],
    outer,
    glyphs,
  );
}
