import type { Setting } from "../../src/daemon/config/setting.ts";
import { type Branch, settingsTree } from "../../src/daemon/config/tree.ts";
import { defaultOf, takes } from "./wording.ts";

type Mode = "server" | "client";

/**
 * A configuration with every setting. "defaults": what has a default or is required is written, the rest is commented
 * out. "everything": all that the mode has is written, with the examples' values.
 */
export function exampleConfig(mode: Mode, fill: "defaults" | "everything"): string {
  return `${intro.join("\n")}\n${section(settingsTree, { mode, everything: fill === "everything" }).join("\n")}\n`;
}

const intro = [
  "# Every setting of sssonectord, with its default. Generated from the settings table: see docs/configuration.md.",
  "# Commented out is what has no fixed default, or belongs to a client. In parentheses: what the setting takes, its",
  '# default, and what a change needs. "Not in effect yet" is accepted and checked; what it steers is not built yet.',
  "",
];

interface Style {
  mode: Mode;
  everything: boolean;
}

function section(branch: Branch, style: Style): string[] {
  return [...branch.children].flatMap(([name, child]) => {
    const { setting } = child;
    if (setting === undefined) return nested(name, section(child, style));
    return [...explanation(setting), ...lines(name, setting, child, style)];
  });
}

function nested(name: string, inner: readonly string[]): string[] {
  return [`${name}:`, ...inner.map((line) => `  ${line}`)];
}

function lines(name: string, setting: Setting, branch: Branch, style: Style): string[] {
  const foreign = setting.mode !== "both" && setting.mode !== style.mode;
  if (setting.shape.kind === "entries") return entries(name, branch, style, foreign);
  const written = valueOf(setting, style);
  const line = `${name}: ${written ?? setting.example}`;
  return [foreign || written === undefined ? `# ${line}` : line];
}

/** An empty list, and one entry to look at. */
function entries(name: string, branch: Branch, style: Style, foreign: boolean): string[] {
  const all = { ...style, everything: true, mode: foreign ? otherMode(style.mode) : style.mode };
  const entry = section(branch, all).map((line, index) => (index === 0 ? `- ${line}` : `  ${line}`));
  const shown = nested(name, entryFirst(entry));
  if (style.everything && !foreign) return shown;
  return [...(foreign ? [] : [`${name}: []`]), ...shown.map((line) => `# ${line}`)];
}

/** The dash belongs before the first setting, not before the comment above it. */
function entryFirst(entry: readonly string[]): string[] {
  const first = entry.findIndex((line) => !/^[- ] #/.test(line));
  return entry.map((line, index) => (index === first ? `- ${line.slice(2)}` : `  ${line.slice(2)}`));
}

function otherMode(mode: Mode): Mode {
  return mode === "server" ? "client" : "server";
}

function valueOf(setting: Setting, { mode, everything }: Style): string | undefined {
  if (setting.path === "core.mode") return mode;
  if (everything && setting.example !== undefined) return quoted(setting.example);
  if (setting.default !== undefined) return quoted(defaultOf(setting));
  const needed = setting.required === true || setting.requiredUnless !== undefined;
  const written = needed ? setting.example : setting.effect === "now" ? undefined : setting.effect.builtIn;
  return written === undefined ? undefined : quoted(written);
}

/** Versions look like numbers; quotes keep them text. */
function quoted(text: string): string {
  return /^\d+\.\d+$/.test(text) ? `"${text}"` : text;
}

function explanation(setting: Setting): string[] {
  const usual = defaultOf(setting);
  const facts = [
    setting.mode === "both" ? "" : `${setting.mode} only`,
    takes(setting),
    usual.startsWith("required") ? usual : `default ${usual}`,
    setting.reload === "live" ? "reload" : "restart",
    notYet(setting),
  ];
  const written = facts.filter((fact) => fact !== "").join("; ");
  return [...wrapped(setting.doc), ...wrapped(`(${written})`)].map((line) => `# ${line}`);
}

function notYet({ effect }: Setting): string {
  if (effect === "now") return "";
  const where = effect.on === undefined ? "" : ` on a ${effect.on}`;
  return `not in effect yet${where}${effect.builtIn === undefined ? "" : ` other than ${effect.builtIn}`}`;
}

function wrapped(text: string): string[] {
  return text.match(/.{1,100}(?:\s|$)/g)?.map((line) => line.trimEnd()) ?? [];
}
