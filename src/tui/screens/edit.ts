import { formatDuration } from "../../shared/units.ts";
import { box } from "../draw/box.ts";
import { type Line, seg } from "../draw/line.ts";
import { cut, drawable } from "../draw/text.ts";
import { confirmWithin, weightOf } from "../model/edit.ts";
import { rateOf } from "../model/rate-edit.ts";
import type { Editor, RateEditor, State } from "../model/state.ts";

interface Choice {
  readonly title: string;
  readonly from: string;
  readonly text: string;
  readonly right: boolean;
  /** Whether and when it ends by itself. */
  readonly ends: string;
  readonly keys: string;
}

function choiceBox(state: State, { title, from, text, right, ends, keys }: Choice): Line[] {
  const { glyphs } = state.setup;
  const outer = Math.min(62, state.columns - 4);
  return box(
    { title: [seg(cut(drawable(title), outer - 6, glyphs.cut), "strong")] },
    [
      [],
      [
        seg(`  ${from} ${glyphs.ascii ? "to" : "→"} `, "dim"),
        seg(drawable(text), right ? "strong" : "warn"),
        seg(glyphs.caret, "key"),
      ],
      [],
      [seg(`  ${ends}`, "dim")],
      [],
      [seg(`  ${keys}`, "dim")],
    ],
    outer,
    glyphs,
  );
}

function reverts(confirm: boolean): string {
  return confirm ? `reverts after ${confirmWithin / 1000} s unless you confirm it (c)` : "stays until it is changed";
}

/** The box in which a backend's weight is chosen. */
export function editBox(state: State, editor: Editor): Line[] {
  return choiceBox(state, {
    title: `weight of ${editor.backend}`,
    from: String(editor.from),
    text: editor.text,
    right: weightOf(editor) !== undefined,
    ends: reverts(editor.confirm),
    keys: "+ - 10 %, digits, a auto, Tab confirm, Enter",
  });
}

/** The box in which a bucket's rate is chosen. */
export function rateBox(state: State, editor: RateEditor): Line[] {
  const time = editor.time === null ? "" : `for ${formatDuration(editor.time)}; `;
  return choiceBox(state, {
    title: `rate of ${editor.bucket}`,
    from: editor.from,
    text: editor.text,
    right: rateOf(editor) !== undefined,
    ends: `${time}${reverts(editor.confirm)}`,
    keys: "+ - 10 %, or 50mbit, 6MB/s, unlimited, auto; Enter",
  });
}
