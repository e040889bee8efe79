import { optionRows, type OptionName } from "./options.ts";
import type { Verb } from "./verb.ts";
import { everyVerb, optionsOf, verbs } from "./verbs.ts";

/** What operators do most. */
const examples = [
  "status",
  "backends --watch",
  "drain eu-1 --dry-run",
  "wait --for drained=eu-1 --timeout 30s",
  "set-rate identity/laptop-ann/down 20mbit --for 1h --confirm-within 30s",
  "events --since 5m --follow --json",
] as const;

/** Help for all verbs, each with one example, or for one. */
export function help(verb: Verb | undefined): string {
  return verb === undefined ? overview() : verbHelp(verb);
}

function overview(): string {
  const first = examples.map((line) => `  sssonector ctl ${line}`);
  const list = verbs.map(
    (verb) => `  ${verb.name.padEnd(14)} ${verb.does}\n${" ".repeat(17)}sssonector ctl ${verb.example}`,
  );
  return lines([
    "examples:",
    ...first,
    "",
    "usage: sssonector ctl [--socket PATH] [--json] [--timeout 5s] VERB [ARGUMENT…] [OPTIONS]",
    "",
    ...list,
    "",
    "options of every verb:",
    ...everyVerb.map(optionLine),
    "",
    "exit codes: 0 ok, 1 failed, 2 usage, 3 daemon unreachable, 4 no such object, 5 denied, 6 refused, 7 timed out",
  ]);
}

function verbHelp(verb: Verb): string {
  return lines([
    `  sssonector ctl ${verb.example}`,
    "",
    verb.does,
    "",
    `usage: sssonector ctl ${verb.name}${(verb.arguments ?? []).map((name) => ` ${name}`).join("")} [OPTIONS]`,
    "",
    ...optionsOf(verb).map(optionLine),
  ]);
}

function optionLine(name: OptionName): string {
  const { value, does } = optionRows[name];
  return `  ${`--${name}${value === undefined ? "" : ` ${value}`}`.padEnd(24)} ${does}`;
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join("");
}
