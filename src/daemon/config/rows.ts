import { formatPlace, type Position } from "./problem.ts";
import type { Settings } from "./settings.ts";
import type { Setting } from "./setting.ts";
import { settingsTable } from "./table.ts";
import { type Branch, settingsTree } from "./tree.ts";

/** One row of `ctl config`. Inline keys and certificates are never shown. */
export interface ConfigRow {
  key: string;
  value: unknown;
  default: unknown;
  /** `FILE:LINE:COL`, the environment variable, or "default". */
  source: string;
  /** Whether a reload applies a change, or a restart is needed. */
  reload: "live" | "restart";
}

/** A setting with its value in one set of settings. */
export interface Effective {
  setting: Setting;
  /** As in Settings; undefined where nothing is set and there is no default. */
  parsed: unknown;
  /** The value as an operator would write it; entries are objects of such values. */
  value: unknown;
}

/** Every setting that the mode has, in the table's order; settings of list entries are inside their list. */
export function effective(settings: Settings): Effective[] {
  return settingsTable
    .filter(({ path, mode }) => !path.includes("[]") && (mode === "both" || mode === settings.core.mode))
    .map((setting) => ({ setting, parsed: valueAt(settings, setting.path), value: shownAt(settings, setting.path) }));
}

export function configRows(settings: Settings, positions: ReadonlyMap<string, Position>): ConfigRow[] {
  return effective(settings).map(({ setting, value }) => ({
    key: setting.path,
    value: value ?? null,
    default: shownDefault(setting) ?? null,
    source: sourceText(positions.get(setting.path)),
    reload: setting.reload,
  }));
}

/** The default in the same form as a value, so that the two compare. */
function shownDefault({ shape, default: written, derived }: Setting): unknown {
  if (written === undefined || shape.kind !== "value") return written ?? derived;
  const parsed = shape.type.parse(String(written), "/");
  return parsed.ok ? shape.type.show(parsed.value) : written;
}

function sourceText(position: Position | undefined): string {
  return position === undefined ? "default" : formatPlace(position);
}

/** A line `PLACE: path: not in effect yet` for each setting that was set although what it steers is not built yet. */
export function notInEffect(settings: Settings, positions: ReadonlyMap<string, Position>): string[] {
  const found: string[] = [];
  for (const path of positions.keys()) {
    const effect = branchAt(path)?.setting?.effect;
    if (effect === undefined || effect === "now" || found.some((outer) => path.startsWith(`${outer}[`))) continue;
    if (effect.on !== undefined && effect.on !== settings.core.mode) continue;
    if (String(shownAt(settings, path)) !== effect.builtIn) found.push(path);
  }
  return found.map((path) => {
    const effect = branchAt(path)?.setting?.effect;
    const where = typeof effect === "object" && effect.on !== undefined ? ` on a ${effect.on}` : "";
    return `${sourceText(positions.get(path))}: ${path}: not in effect yet${where}`;
  });
}

function steps(path: string): string[] {
  return path.split(/[.[\]]+/).filter((step) => step !== "");
}

/** The setting of a path with indexes; a single value of a list has none. */
function branchAt(path: string): Branch | undefined {
  if (path.endsWith("]")) return undefined;
  return steps(path.replaceAll(/\[\d+\]/g, "")).reduce<Branch | undefined>(
    (branch, step) => branch?.children.get(step),
    settingsTree,
  );
}

function valueAt(settings: Settings, path: string): unknown {
  return steps(path).reduce<unknown>((inner, step) => (inner as Record<string, unknown> | undefined)?.[step], settings);
}

function shownAt(settings: Settings, path: string): unknown {
  const value = valueAt(settings, path);
  const branch = branchAt(path);
  return branch === undefined ? value : shown(value, branch);
}

function shown(value: unknown, branch: Branch): unknown {
  const shape = branch.setting?.shape;
  if (value === undefined) return undefined;
  if (shape?.kind === "value") return shape.type.show(value);
  if (shape?.kind === "list") return Array.isArray(value) ? value.map((item) => shape.of.show(item)) : value;
  if (shape?.kind === "entries") return (value as unknown[]).map((entry) => shownEntry(entry, branch));
  return shownEntry(value, branch);
}

function shownEntry(entry: unknown, branch: Branch): Record<string, unknown> {
  const values = entry as Record<string, unknown>;
  const pairs = [...branch.children].map(([name, child]) => [name, shown(values[name], child)] as const);
  return Object.fromEntries(pairs.filter(([, value]) => value !== undefined));
}
