import { parseArgs } from "node:util";
import { SssonectorError } from "../../shared/errors.ts";
import { decodeOptions, type OptionName, optionRows, type Options, type RawOptions } from "./options.ts";
import { didYouMean } from "./suggest.ts";
import type { Verb } from "./verb.ts";
import { everyVerb, optionsOf, verbs } from "./verbs.ts";

export type Command =
  | { kind: "help"; verb: Verb | undefined }
  | { kind: "run"; verb: Verb; options: Options; args: readonly string[] };

interface OptionToken {
  name: string;
  value?: string | undefined;
  inlineValue?: boolean | undefined;
}

const shortNames: ReadonlyMap<string, string> = new Map([
  ["-h", "--help"],
  ["-w", "--write"],
]);
const optionNames = Object.keys(optionRows) as OptionName[];
const shapes = Object.fromEntries(
  optionNames.map((name) => [name, { type: optionRows[name].value === undefined ? "boolean" : "string" }] as const),
);

/** @throws SssonectorError usage: one line, with the nearest word that exists */
export function parseCommand(argv: readonly string[]): Command {
  const args = argv.map((word) => shortNames.get(word) ?? word);
  const { tokens } = parseArgs({ args, options: shapes, strict: false, allowPositionals: true, tokens: true });
  const [name, ...rest] = tokens.flatMap((token) => (token.kind === "positional" ? [token.value] : []));
  const verb = name === undefined || name === "help" ? undefined : findVerb(name);
  const known = verb === undefined ? everyVerb : optionsOf(verb);
  const raw: RawOptions = {};
  for (const token of tokens) {
    if (token.kind === "option") raw[checkName(token.name, token.rawName, known, verb)] = checkValue(token);
  }
  if (raw.help === true || name === "help") {
    return { kind: "help", verb: name === "help" && rest[0] !== undefined ? findVerb(rest[0]) : verb };
  }
  if (verb === undefined) throw usage("a verb is missing");
  return { kind: "run", verb, options: decodeOptions(raw), args: checkArguments(verb, rest) };
}

function findVerb(name: string): Verb {
  const verb = verbs.find((row) => row.name === name);
  if (verb !== undefined) return verb;
  const names = verbs.map((row) => row.name);
  throw usage(`unknown verb ${JSON.stringify(name)}${didYouMean(name, names)}`);
}

function checkName(name: string, written: string, known: readonly OptionName[], verb: Verb | undefined): OptionName {
  const option = known.find((row) => row === name);
  if (option !== undefined) return option;
  const exists = optionNames.some((row) => row === name);
  const problem = exists ? `${verb?.name ?? "ctl"} takes no ${written}` : `unknown option ${written}`;
  throw usage(`${problem}${exists ? "" : didYouMean(name, known, "--")}`, verb);
}

function checkValue({ name, value, inlineValue }: OptionToken): string | true {
  const wanted = optionRows[name as OptionName].value;
  if (wanted === undefined && value !== undefined) throw usage(`--${name} takes no value`);
  if (wanted === undefined) return true;
  // `--socket --json`: the next option is no value.
  if (value === undefined || (inlineValue === false && value.length > 1 && value.startsWith("-"))) {
    throw usage(`--${name} needs a value: ${wanted}`);
  }
  return value;
}

function checkArguments(verb: Verb, given: readonly string[]): readonly string[] {
  const names = verb.arguments ?? [];
  const missing = names.find((name, at) => !name.startsWith("[") && !given[at]);
  if (missing !== undefined) throw usage(`${verb.name} needs ${missing}`, verb);
  const surplus = given[names.length];
  if (surplus !== undefined) throw usage(`${verb.name}: unexpected ${JSON.stringify(surplus)}`, verb);
  // `drain "$B"` with an unset variable is no order to drain the daemon.
  if (given.includes("")) throw usage(`${verb.name}: ${names[given.indexOf("")]} is empty`, verb);
  return given;
}

function usage(message: string, verb?: Verb): SssonectorError {
  return new SssonectorError("usage", message, { next: `see: sssonector ctl ${verb ? `${verb.name} ` : ""}--help` });
}
