import type { Setting } from "../../src/daemon/config/setting.ts";

export const notYet = "accepted and checked, not in effect yet";

/** What to write for a setting: its kind with unit and range. */
export function takes({ shape }: Setting): string {
  if (shape.kind === "value") return shape.type.describe;
  if (shape.kind === "entries") return "a list of entries";
  return [...shape.words, `a list, each ${shape.of.describe}`].join(", or ");
}

/** The default as written in YAML, or in words, or that there is none. */
export function defaultOf({ required, requiredUnless, default: value, derived }: Setting): string {
  if (required === true) return "required";
  if (requiredUnless !== undefined) return `required unless ${requiredUnless} is there`;
  if (value !== undefined) return Array.isArray(value) ? `[${value.join(", ")}]` : String(value);
  return derived ?? "none";
}

/** What is not in effect yet, as a sentence; empty when all is. */
export function effectOf({ effect }: Setting): string {
  if (effect === "now") return "";
  const where = effect.on === undefined ? "" : ` on a ${effect.on}`;
  const except = effect.builtIn === undefined ? "" : ` (other than ${effect.builtIn})`;
  return `${notYet[0]?.toUpperCase()}${notYet.slice(1)}${where}${except}.`;
}
