import { burst, rate, type ValueType } from "./value.ts";

/** One row of the settings table. */
export interface Setting {
  /** Dotted path; "[]" stands for each entry of a list. */
  path: string;
  shape: Shape;
  /** Which end has the setting. */
  mode: "server" | "client" | "both";
  /** The default as an operator would write it. */
  default?: string | number | boolean | readonly string[];
  /** The default in words, where it follows from something else (defaults.ts). */
  derived?: string;
  required?: true;
  /** Required as long as the setting of this path is not there. */
  requiredUnless?: string;
  /** Whether a reload applies a change, or a restart is needed. */
  reload: "live" | "restart";
  /**
   * "later": checked, but the system that it steers is not built yet, or not for one end. `builtIn` is the value that
   * holds meanwhile.
   */
  effect: "now" | { later: true; on?: "client"; builtIn?: string };
  /** A value that says more than the default does. */
  example?: string;
  doc: string;
}

/** A value; a list of values, or one of `words` in place of it; a list of entries with settings of their own. */
export type Shape =
  | { kind: "value"; type: ValueType }
  | { kind: "list"; of: ValueType; words: readonly string[] }
  | { kind: "entries" };

/** What a row says beside its path, shape and sentence. */
export type Rest = Omit<Setting, "path" | "shape" | "doc" | "effect" | "mode" | "reload"> & Partial<Setting>;

export const second = 1000;
export const minute: number = 60 * second;
export const hour: number = 60 * minute;
export const day: number = 24 * hour;

function setting(path: string, shape: Shape, doc: string, rest: Rest): Setting {
  return { path, shape, mode: "both", reload: "restart", effect: "now", ...rest, doc };
}

export function value(path: string, type: ValueType, doc: string, rest: Rest = {}): Setting {
  return setting(path, { kind: "value", type }, doc, rest);
}

export function list(
  path: string,
  of: ValueType,
  doc: string,
  rest: Rest & { words?: readonly string[] } = {},
): Setting {
  const { words = [], ...others } = rest;
  return setting(path, { kind: "list", of, words }, doc, { default: [], ...others });
}

export function entries(path: string, doc: string, rest: Rest = {}): Setting {
  return setting(path, { kind: "entries" }, doc, rest.required === true ? rest : { default: [], ...rest });
}

export const server = { mode: "server" } as const;
export const client = { mode: "client" } as const;
export const live = { reload: "live" } as const;

/** The two settings of a rate limit. */
export function limitedBy(path: string, whose: string, mode: Rest): Setting[] {
  return [
    value(`${path}.base_rate`, rate, `Rate ${whose}.`, {
      ...mode,
      default: "unlimited",
      ...live,
      example: "100mbit",
    }),
    value(`${path}.burst_size`, burst, "What may pass at once above the rate; packets or bytes as the rate is.", {
      ...mode,
      derived: "100 ms of base_rate",
      ...live,
      example: "4MB",
    }),
  ];
}
