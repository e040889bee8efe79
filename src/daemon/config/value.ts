import * as units from "../../shared/units.ts";
import type { ProblemCode } from "./problem.ts";

export type Parsed<T> = { ok: true; value: T } | { ok: false; code: ProblemCode; message: string };

/** How one value is written, checked and shown. */
export interface ValueType<T = unknown> {
  /** What to write, as a noun with its range: "a duration from 1s to 1h". */
  readonly describe: string;
  /** `base` is the directory that relative paths start from. */
  parse(text: string, base: string): Parsed<T>;
  /** The value as an operator would write it. */
  show(value: T): string | number | boolean;
}

export function ok<T>(value: T): Parsed<T> {
  return { ok: true, value };
}

export function refused(code: ProblemCode, message: string): Parsed<never> {
  return { ok: false, code, message };
}

/** What was written, short enough for a message. */
export function got(text: string): string {
  return `(got ${JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text).replace(/^"(\d+(?:\.\d+)?)"$/, "$1")})`;
}

export const flag: ValueType<boolean> = {
  describe: "true or false",
  parse: (text) =>
    text === "true" || text === "false"
      ? ok(text === "true")
      : refused("config_type", `must be true or false ${got(text)}`),
  show: (value) => value,
};

/** A whole number in a range. */
export function whole(min: number, max: number): ValueType<number> {
  const describe = `a whole number from ${min} to ${max}`;
  return {
    describe,
    parse: (text) =>
      /^-?\d+$/.test(text)
        ? within(Number(text), { min, max, text, show: String })
        : refused("config_type", `must be ${describe} ${got(text)}`),
    show: (value) => value,
  };
}

/** Milliseconds in a range; `min` and `max` are milliseconds as well. */
export function duration(min: number, max: number): ValueType<number> {
  const { parseDuration: parse, formatDuration: show } = units;
  return measured({ noun: "a duration", example: "30s", min, max, parse, show });
}

/** Bytes in a range. */
export function size(min: number, max: number): ValueType<number> {
  return measured({ noun: "a size", example: "32KB", min, max, parse: units.parseSize, show: units.formatSize });
}

export const rate: ValueType<units.Rate> = {
  describe: "a rate such as 100mbit, 12MB/s, 10000 (packets a second) or unlimited",
  parse: (text) => {
    const value = units.parseRate(text);
    if (value === undefined) return refused("config_unit", `must be ${rate.describe} ${got(text)}`);
    return value.kind !== "unlimited" && value.per_second < 1
      ? refused("config_range", `must be at least 1 ${got(text)}`)
      : ok(value);
  },
  show: units.formatRate,
};

export const burst: ValueType<units.Burst> = {
  describe: "a size such as 4MB, or a number of packets such as 1000",
  parse: (text) => {
    const value = units.parseBurst(text);
    if (value === undefined) return refused("config_unit", `must be ${burst.describe} ${got(text)}`);
    return value.amount < 1 ? refused("config_range", `must be at least 1 ${got(text)}`) : ok(value);
  },
  show: units.formatBurst,
};

export function oneOf(...words: readonly string[]): ValueType<string> {
  const describe = words.length === 1 ? String(words[0]) : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
  return text({ describe, accepts: (written) => words.includes(written) });
}

/** A string that is kept as written when `accepts` says so. */
export function text(rule: { describe: string; accepts: (written: string) => boolean }): ValueType<string> {
  return {
    describe: rule.describe,
    parse: (written) =>
      rule.accepts(written) ? ok(written) : refused("config_type", `must be ${rule.describe} ${got(written)}`),
    show: (value) => value,
  };
}

interface Measure {
  noun: string;
  example: string;
  min: number;
  max: number;
  parse: (text: string) => number | undefined;
  show: (value: number) => string;
}

function measured(measure: Measure): ValueType<number> {
  const { noun, example, min, max, show } = measure;
  return {
    describe: `${noun} from ${show(min)} to ${show(max)}`,
    parse: (text) => {
      const value = measure.parse(text);
      if (value !== undefined) return within(value, { min, max, text, show });
      const fault = /^\d+$/.test(text) ? `needs a unit, such as ${example}` : `must be ${noun} such as ${example}`;
      return refused("config_unit", `${fault} ${got(text)}`);
    },
    show,
  };
}

function within(
  value: number,
  range: { min: number; max: number; text: string; show: (value: number) => string },
): Parsed<number> {
  if (value < range.min) return refused("config_range", `must be at least ${range.show(range.min)} ${got(range.text)}`);
  if (value > range.max) return refused("config_range", `must be at most ${range.show(range.max)} ${got(range.text)}`);
  return ok(value);
}
