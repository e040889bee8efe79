/** What a command of the `:` line is made of: its words, its options and their values. */
import { parseBurst, parseDuration } from "../../shared/units.ts";
import type { Args } from "./actions.ts";

/** What a command's options say: an act's arguments, and those of a capture. */
export interface CommandArgs extends Args {
  readonly file?: string;
  readonly session?: string;
}

/** How ctl writes an option for short. */
const long: Readonly<Record<string, string>> = { "-w": "--write" };

/** What an option's value becomes; undefined: no such value. */
const values: Readonly<Record<string, (value: string) => CommandArgs | undefined>> = {
  "--reason": (reason) => ({ reason }),
  "--write": (file) => ({ file }),
  "--session": (session) => ({ session }),
  "--burst": (value) => {
    const burst = parseBurst(value);
    return burst === undefined ? undefined : { burst };
  },
  "--deadline": (value) => timed(value, (deadline) => ({ deadline })),
  "--for": (value) => timed(value, (time) => ({ for: time })),
  "--confirm-within": (value) => timed(value, (confirmWithin) => ({ confirmWithin })),
};

function timed(value: string, as: (time: number) => CommandArgs): CommandArgs | undefined {
  const time = parseDuration(value);
  return time === undefined ? undefined : as(time);
}

/** Options without a value. */
const flags: Readonly<Record<string, CommandArgs>> = { "--all": { all: true } };

/** An option as it is written at length. */
export function optionOf(word: string): string {
  return long[word] ?? word;
}

/** Takes the options out of the words of a command; a text is what is wrong with them. */
export function parseWords(
  words: readonly string[],
  { name, options }: { readonly name: string; readonly options: readonly string[] },
): { words: string[]; args: CommandArgs } | string {
  const plain: string[] = [];
  let args: CommandArgs = {};
  for (let at = 0; at < words.length; at += 1) {
    const word = optionOf(words[at] ?? "");
    if (!word.startsWith("--")) {
      plain.push(word);
      continue;
    }
    if (!options.includes(word)) return `${name} takes no ${word} here`;
    const flag = flags[word];
    if (flag !== undefined) {
      args = { ...args, ...flag };
      continue;
    }
    at += 1;
    const value = words[at];
    const more = value === undefined ? undefined : values[word]?.(value);
    if (more === undefined) return `${word} needs ${wants[word] ?? "a time, as in 30s"}`;
    args = { ...args, ...more };
  }
  return { words: plain, args };
}

const wants: Readonly<Record<string, string>> = {
  "--reason": "a word",
  "--burst": "a size, as in 100KB, or packets",
  "--write": "a file",
  "--session": "a session",
};
