import { type CommandRow, commandRows } from "../../../src/cli/completion/command-table.ts";
import { optionRows } from "../../../src/cli/ctl/options.ts";
import type { Verb } from "../../../src/cli/ctl/verb.ts";
import { everyVerb, optionsOf, verbs } from "../../../src/cli/ctl/verbs.ts";
import { programs } from "../../../src/cli/programs.ts";
import { exitCodes } from "../../../src/shared/control/exit.ts";
import { bold, italic, literal, option, page, paragraph, section, subsection, term, text } from "./troff.ts";

const meanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  ok: "done",
  failed: "failed",
  usage: "bad usage",
  unreachable: "the daemon can't be reached",
  notFound: "no such object",
  denied: "denied",
  refused: "refused: a conflict, or a risk that was not accepted",
  timedOut: "timed out",
};

/** man/sssonector.1 */
export function commandManual(): string {
  return page(
    "sssonector",
    1,
    "steer and show SSSonector tunnels",
    section(
      "Synopsis",
      `${bold("sssonector")} ${italic("COMMAND")} [${italic("ARGUMENTS")}]`,
      ".br",
      bold("sssonector --version"),
    ),
    section(
      "Description",
      text(
        "sssonector talks to the daemon sssonectord over its control socket, keeps the certificate authority of the",
      ),
      text("tunnel's ends, and finds what keeps a tunnel from working."),
      ...[...programs].map(([name, { summary }]) => term(bold(name), text(`${summary}.`))),
    ),
    section(
      "ctl",
      `${bold("sssonector ctl")} [${italic("OPTIONS")}] ${italic("VERB")} [${italic("ARGUMENT")}...]`,
      paragraph(text("Data goes to standard output, everything else to standard error.")),
      paragraph(text("Every verb takes:")),
      ...everyVerb.map((name) => term(option({ name, ...optionRows[name] }), text(`${optionRows[name].does}.`))),
      ...verbs.map(verbManual),
    ),
    ...[...Map.groupBy(commandRows, ({ path }) => path[0] ?? "")].map(([name, rows]) =>
      section(name, ...rows.map(commandPart)),
    ),
    section(
      "Exit status",
      text("Of ctl:"),
      ...Object.entries(exitCodes).map(([name, code]) =>
        term(bold(String(code)), text(`${meanings[name as keyof typeof exitCodes]}.`)),
      ),
      paragraph(text("health exits with 0 (ok), 1 (degraded), 2 (critical) or 3 (the daemon can't be reached).")),
    ),
    section(
      "Files",
      term(italic("/run/sssonector/*.sock"), text("Control sockets; without --socket the only one there is used.")),
    ),
    section(
      "Environment",
      term(bold("RUNTIME_DIRECTORY"), text("Another directory for the control sockets.")),
      term(bold("NO_COLOR"), text("When set, top draws without colours.")),
    ),
    section(
      "Examples",
      text("One for each verb:"),
      literal(...verbs.map(({ example }) => `sssonector ctl ${example}`)),
    ),
    section("See also", `${bold("sssonectord")}(8), ${bold("sssonector.yaml")}(5)`),
  );
}

function verbManual(verb: Verb): string {
  const own = optionsOf(verb).filter((name) => !everyVerb.includes(name));
  const words = (verb.arguments ?? []).map((name) => ` ${name}`).join("");
  return subsection(
    `ctl ${verb.name}${words}`,
    text(`${verb.does}.`),
    ...own.map((name) => term(option({ name, ...optionRows[name] }), text(`${optionRows[name].does}.`))),
  );
}

function commandPart({ path, does, words = [], options }: CommandRow): string {
  return subsection(
    path.join(" "),
    text(`${does}.`),
    ...words.map(([word, meaning]) => term(bold(word), text(`${meaning}.`))),
    ...options.map((row) => term(option(row), text(`${row.does}.`))),
  );
}
