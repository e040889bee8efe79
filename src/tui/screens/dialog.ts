import { box } from "../draw/box.ts";
import type { Glyphs } from "../draw/glyphs.ts";
import { type Line, seg, type Segment } from "../draw/line.ts";
import { cut, drawable } from "../draw/text.ts";
import { actions } from "../model/actions.ts";
import type { Dialog, DialogPhase, State } from "../model/state.ts";
import { twinOf } from "./twin.ts";

/** Words into lines of at most `columns`; a longer word is cut. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const joined = line === "" ? word : `${line} ${word}`;
    if (joined.length <= columns) {
      line = joined;
      continue;
    }
    if (line !== "") lines.push(line);
    line = word.slice(0, columns);
  }
  return [...lines, line];
}

function body(phase: DialogPhase, doing: string): Segment {
  switch (phase.kind) {
    case "asking":
      return seg("asking the daemon what would happen", "dim");
    case "ready":
      return seg(phase.text);
    case "refused":
      return seg(phase.text, "warn");
    case "sending":
      return seg(doing, "warn");
  }
}

function button(label: string, focused: boolean, enabled: boolean): Segment {
  const text = focused ? `[> ${label} <]` : `[  ${label}  ]`;
  return seg(text, focused ? "button" : enabled ? "text" : "faint");
}

function buttons({ action, focus, phase, target }: Dialog): Line {
  const enabled = phase.kind === "ready" && (phase.typed === undefined || phase.typed === target);
  return [
    seg("  "),
    button("Cancel", focus === "cancel", true),
    seg("  "),
    button(actions[action].button, focus === "act", enabled),
  ];
}

/** Where the name is typed when nothing healthy would be left. */
function nameLines({ phase, target }: Dialog, columns: number, glyphs: Glyphs): Line[] {
  if (phase.kind !== "ready" || phase.typed === undefined) return [];
  const asked = `  last healthy backend! type ${cut(drawable(target), 24, glyphs.cut)}: `;
  const typed = cut(drawable(phase.typed), columns - asked.length - 1, glyphs.cut);
  return [[seg(asked, "critical"), seg(typed, "strong"), seg(glyphs.caret, "key")], []];
}

/** The dialog: its text is the daemon's dry run, and Cancel has the focus until it is moved. */
export function dialogBox(state: State, dialog: Dialog): Line[] {
  const { columns, rows, setup } = state;
  const { word, doing, of } = actions[dialog.action];
  const outer = Math.min(72, columns - 4);
  const { text, tone } = body(dialog.phase, doing);
  const name = nameLines(dialog, outer - 2, setup.glyphs);
  const lines = wrap(drawable(text, 600), outer - 6).slice(0, Math.max(1, rows - 8 - name.length));
  const title = `${word} ${drawable(of(dialog.target, dialog.label))}`;
  return box(
    { title: [seg(cut(title, outer - 6, setup.glyphs.cut), "strong")] },
    [
      [],
      ...lines.map((line): Line => [seg("  "), seg(line, tone)]),
      [],
      ...name,
      [seg("  $ ", "faint"), seg(cut(twinOf(state), outer - 8, setup.glyphs.cut), "dim")],
      [],
      buttons(dialog),
    ],
    outer,
    setup.glyphs,
  );
}
