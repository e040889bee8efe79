import { formatDuration } from "../../shared/units.ts";
import { box } from "../draw/box.ts";
import { type Line, seg } from "../draw/line.ts";
import { cut, drawable } from "../draw/text.ts";
import type { CaptureOrder } from "../model/capture.ts";
import type { State } from "../model/state.ts";
import { wrap } from "./dialog.ts";
import { twinOf } from "./twin.ts";

/** What a capture is going to write, before it begins. */
export function captureBox(state: State, { file, session, time }: CaptureOrder): Line[] {
  const { glyphs } = state.setup;
  const outer = Math.min(72, state.columns - 4);
  const whose = session === undefined ? "every session" : `session ${session}`;
  const text = `copies the inner packets of ${whose} for ${formatDuration(time)} into ${file}, as they are: who reads the file reads the traffic`;
  return box(
    { title: [seg("capture", "strong")] },
    [
      [],
      ...wrap(drawable(text, 600), outer - 6).map((line): Line => [seg(`  ${line}`)]),
      [],
      [seg("  $ ", "faint"), seg(cut(twinOf(state), outer - 8, glyphs.cut), "dim")],
      [],
      [seg("  c capture, Esc nothing", "dim")],
    ],
    outer,
    glyphs,
  );
}
