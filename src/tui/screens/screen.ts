/** The whole screen as lines, a pure function of the state. */
import type { Snapshot } from "../../shared/control/snapshot.ts";
import type { Glyphs } from "../draw/glyphs.ts";
import { beside, fit, type Line, overlay, seg } from "../draw/line.ts";
import { drawable } from "../draw/text.ts";
import { type Layout, layout } from "../model/layout.ts";
import type { State } from "../model/state.ts";
import { alertLines, alertsOf } from "./alerts.ts";
import { attachedBox } from "./attached.ts";
import { captureBox } from "./capture.ts";
import { keysLine, twinLine } from "./footer.ts";
import { helpBox } from "./help.ts";
import { detailBox } from "./detail.ts";
import { dialogBox } from "./dialog.ts";
import { editBox, rateBox } from "./edit.ts";
import { tableLines } from "./list.ts";
import { pathsLine } from "./paths.ts";
import { smallLines } from "./small.ts";
import { stripLines } from "./strip.ts";
import { tabLine } from "./tabs.ts";
import { throughput } from "./throughput.ts";
import { textBox } from "./text.ts";
import { titleLine } from "./title.ts";
import { waysLines } from "./ways.ts";

/** A screen from top to bottom; together exactly as many lines as the terminal has rows. */
export interface Screen {
  /** Never drawn as stale: it says that the rest is. */
  readonly title: Line;
  readonly above: readonly Line[];
  /** Header and rows of the table. */
  readonly table: readonly Line[];
  readonly below: readonly Line[];
}

function blank(lines: number): Line[] {
  return Array.from({ length: Math.max(0, lines) }, () => []);
}

function waiting(state: State, lines: number): Line[] {
  const text = state.link.kind === "down" ? state.link.problem : "waiting for the first snapshot";
  return [[seg(`  ${drawable(text)}`, "dim")], ...blank(lines - 1)].slice(0, lines);
}

function above(state: State, { throughput: graphLines, alerts }: Layout): Line[] {
  const { snapshot, columns, setup } = state;
  if (snapshot === undefined) return [...waiting(state, graphLines), tabLine(state)];
  return [
    ...throughput(snapshot, columns, graphLines, setup.glyphs),
    ...alertLines(alertsOf(snapshot), alerts, columns, setup.glyphs),
    tabLine(state),
  ];
}

/** Of the columns, the share of the events where they have backends, breakers and buckets beside them. */
const eventShare = 0.55;

function stripPanels(snapshot: Snapshot, { strip, beside: two }: Layout, columns: number, glyphs: Glyphs): Line[] {
  if (!two) return stripLines(snapshot, strip, columns, glyphs);
  const left = Math.floor(columns * eventShare);
  return beside([
    { lines: stripLines(snapshot, strip, left, glyphs), columns: left },
    { lines: waysLines(snapshot, strip, columns - left, glyphs), columns: columns - left },
  ]);
}

function below(state: State, shares: Layout): Line[] {
  const { paths, strip, twin } = shares;
  const { snapshot, columns, setup } = state;
  return [
    ...(paths && snapshot !== undefined ? [pathsLine(snapshot, columns, setup.glyphs)] : []),
    ...(snapshot === undefined ? blank(strip) : stripPanels(snapshot, shares, columns, setup.glyphs)),
    ...(twin ? [twinLine(state)] : []),
  ];
}

function withOverlay(state: State, lines: readonly Line[]): readonly Line[] {
  switch (state.mode.kind) {
    case "act":
      return overlay(lines, dialogBox(state, state.mode.dialog), state.columns);
    case "help":
      return overlay(lines, helpBox(state), state.columns);
    case "detail":
      return overlay(lines, detailBox(state, state.mode.top), state.columns);
    case "edit":
      return overlay(lines, editBox(state, state.mode.editor), state.columns);
    case "rate":
      return overlay(lines, rateBox(state, state.mode.editor), state.columns);
    case "attached":
      return overlay(lines, attachedBox(state), state.columns);
    case "text": {
      const { verb, lines: text, top } = state.mode;
      return overlay(lines, textBox(state, verb, text ?? ["asking"], top), state.columns);
    }
    case "capture":
      return overlay(lines, captureBox(state, state.mode.order), state.columns);
    case "browse":
    case "bundle":
    case "command":
    case "filter":
      return lines;
  }
}

export function screen(state: State): Screen {
  const shares = layout(state);
  if (shares.small) {
    const [title = [], ...rest] = smallLines(state);
    return { title, above: rest, table: [], below: [] };
  }
  const upper = above(state, shares);
  const table = tableLines(state, shares.table);
  const body = withOverlay(state, [...upper, ...table, ...below(state, shares)]);
  const all = [...body, keysLine(state)].map((line) => fit(line, state.columns));
  return {
    title: fit(titleLine(state), state.columns),
    above: all.slice(0, upper.length),
    table: all.slice(upper.length, upper.length + table.length),
    below: all.slice(upper.length + table.length),
  };
}
