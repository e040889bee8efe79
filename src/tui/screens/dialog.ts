import { box } from "../draw/box.ts";
import { type Line, seg, type Segment } from "../draw/line.ts";
import { cut, drawable } from "../draw/text.ts";
import { actions } from "../model/actions.ts";
import { wantedName } from "../model/dialog.ts";
import type { Risk } from "../model/message.ts";
import type { Dialog, DialogPhase, State } from "../model/state.ts";
import { tables } from "../tables/index.ts";
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

function buttons(dialog: Dialog, state: State): Line {
  const { order, focus, phase } = dialog;
  const wanted = wantedName(dialog, state);
  const enabled = phase.kind === "ready" && (wanted === undefined || phase.typed === wanted);
  return [
    seg("  "),
    button("Cancel", focus === "cancel", true),
    seg("  "),
    button(actions[order.action].button, focus === "act", enabled),
  ];
}

const risks: Record<Risk, string> = {
  last_healthy: "last healthy backend!",
  cuts_own: "it cuts YOUR OWN ssh connection!",
};

/** Where the name is typed when the act takes more than one row, or a risk. */
function nameLines(dialog: Dialog, state: State, columns: number): Line[] {
  const { phase } = dialog;
  const wanted = wantedName(dialog, state);
  if (phase.kind !== "ready" || wanted === undefined) return [];
  const { glyphs } = state.setup;
  const why = phase.risk === undefined ? "several at once:" : risks[phase.risk];
  const asked = `  ${why} type ${cut(drawable(wanted), 24, glyphs.cut)}: `;
  const typed = cut(drawable(phase.typed), Math.max(0, columns - asked.length - 1), glyphs.cut);
  return [
    [seg(asked, phase.risk === undefined ? "warn" : "critical"), seg(typed, "strong"), seg(glyphs.caret, "key")],
    [],
  ];
}

/** What the dialog is about: `kick connection c7 of laptop-ann`, `drain 3 backends`. */
function titleOf({ order }: Dialog, { items, snapshot, tab }: State): string {
  const { word, target } = actions[order.action];
  const [first = ""] = order.targets;
  if (order.targets.length > 1) return `${word} ${order.targets.length} ${tables[tab].noun}s`;
  if (order.args.all === true) return `${word} every breaker`;
  if (target === "none" || first === "") return `${word} ${snapshot?.status.name ?? "this daemon"}`;
  if (target === "bucket") return `${word} of bucket ${first}`;
  if (target === "backend") return `${word} ${order.action.endsWith("_breaker") ? "breaker" : "backend"} ${first}`;
  return `${word} ${items.get(first)?.label ?? first}`;
}

/** The dialog: its text is the daemon's dry run, and Cancel has the focus until it is moved. */
export function dialogBox(state: State, dialog: Dialog): Line[] {
  const { columns, rows, setup } = state;
  const { doing } = actions[dialog.order.action];
  const outer = Math.min(72, columns - 4);
  const { text, tone } = body(dialog.phase, doing);
  const name = nameLines(dialog, state, outer - 2);
  const lines = wrap(drawable(text, 600), outer - 6).slice(0, Math.max(1, rows - 8 - name.length));
  return box(
    { title: [seg(cut(drawable(titleOf(dialog, state)), outer - 6, setup.glyphs.cut), "strong")] },
    [
      [],
      ...lines.map((line): Line => [seg("  "), seg(line, tone)]),
      [],
      ...name,
      [seg("  $ ", "faint"), seg(cut(twinOf(state), outer - 8, setup.glyphs.cut), "dim")],
      [],
      buttons(dialog, state),
    ],
    outer,
    setup.glyphs,
  );
}
