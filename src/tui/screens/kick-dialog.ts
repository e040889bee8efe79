import { box } from "../draw/box.ts";
import { type Line, seg, type Segment } from "../draw/line.ts";
import { cut, drawable } from "../draw/text.ts";
import type { KickDialog, KickPhase, State } from "../model/state.ts";
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

function body(phase: KickPhase): Segment {
  switch (phase.kind) {
    case "asking":
      return seg("asking the daemon what would happen", "dim");
    case "ready":
      return seg(phase.text);
    case "refused":
      return seg(phase.text, "warn");
    case "sending":
      return seg("kicking", "warn");
  }
}

function button(label: string, focused: boolean, enabled: boolean): Segment {
  const text = focused ? `[> ${label} <]` : `[  ${label}  ]`;
  return seg(text, focused ? "button" : enabled ? "text" : "faint");
}

function buttons({ focus, phase }: KickDialog): Line {
  return [
    seg("  "),
    button("Cancel", focus === "cancel", true),
    seg("  "),
    button("Kick", focus === "kick", phase.kind === "ready"),
  ];
}

/** The dialog: its text is the daemon's dry run, and Cancel has the focus until it is moved. */
export function kickBox(state: State, dialog: KickDialog): Line[] {
  const { columns, rows, setup } = state;
  const outer = Math.min(72, columns - 4);
  const { text, tone } = body(dialog.phase);
  const lines = wrap(drawable(text, 600), outer - 6).slice(0, Math.max(1, rows - 8));
  return box(
    { title: [seg(`kick ${cut(drawable(dialog.label), outer - 12, setup.glyphs.cut)}`, "strong")] },
    [
      [],
      ...lines.map((line): Line => [seg("  "), seg(line, tone)]),
      [],
      [seg("  $ ", "faint"), seg(cut(twinOf(state), outer - 8, setup.glyphs.cut), "dim")],
      [],
      buttons(dialog),
    ],
    outer,
    setup.glyphs,
  );
}
