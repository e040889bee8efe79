import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { help } from "../../../src/cli/ctl/help.ts";
import { optionRows } from "../../../src/cli/ctl/options.ts";
import { type Command, parseCommand } from "../../../src/cli/ctl/parse.ts";
import { nearest } from "../../../src/cli/ctl/suggest.ts";
import { optionsOf, verbs } from "../../../src/cli/ctl/verbs.ts";
import { exitCodeFor } from "../../../src/shared/control/exit.ts";
import { SssonectorError } from "../../../src/shared/errors.ts";

function parsed(line: string): Extract<Command, { kind: "run" }> {
  const command = parseCommand(line.split(" "));
  if (command.kind !== "run") throw new Error("help");
  return command;
}

describe("a command line", () => {
  it("takes options before and after the verb", () => {
    const { verb, options, args } = parsed("--socket /run/x.sock kick --reason why c1 --json --timeout=250ms");
    expect(verb.name).toBe("kick");
    expect(args).toEqual(["c1"]);
    expect(options).toMatchObject({ socket: "/run/x.sock", reason: "why", json: true, timeout: 250, dryRun: false });
  });

  it.each([
    ["events --since 5m", { since: { kind: "age", milliseconds: 300_000 } }],
    ["events --since 17 --follow", { since: { kind: "seq", seq: 17 }, follow: true }],
    ["status --watch --interval 2s", { watch: true, interval: 2_000 }],
    ["stop --dry-run --yes", { dryRun: true, yes: true }],
    ["drain eu-1 --deadline 10m --accept-risk", { deadline: 600_000, acceptRisk: true }],
    ["reset-breaker --all", { all: true }],
  ])("%s", (line, options) => expect(parsed(line).options).toMatchObject(options));

  it.each([
    ["stauts", "did you mean status?"],
    ["conn", "did you mean connections?"],
    ["frobnicate", 'unknown verb "frobnicate"'],
    ["--json", "a verb is missing"],
    ["status --jsn", "did you mean --json?"],
    ["status --reason x", "status takes no --reason"],
    ["status extra", 'unexpected "extra"'],
    ["kick", "kick needs CONNECTION|SESSION"],
    ["kick a b", 'unexpected "b"'],
    ["maint", "maint needs BACKEND"],
    ["set-weight eu-1", "set-weight needs N|auto"],
    ["drain eu-1 eu-2", 'unexpected "eu-2"'],
    ["drain ", "drain: [BACKEND] is empty"],
    ["drain eu-1 --deadline soon", "--deadline wants a duration"],
    ["ready eu-1 --accept-risk", "ready takes no --accept-risk"],
    ["status --socket --json", "--socket needs a value"],
    ["status --json=yes", "--json takes no value"],
    ["status --timeout 5", "--timeout wants a duration"],
    ["status --watch --interval 0s", "--interval wants a duration"],
    ["events --since yesterday", "--since wants"],
  ])("%s is a usage error of one line", (line, message) => {
    const error: unknown = attempt(line.split(" "));
    expect(error).toMatchObject({ code: "usage", message: expect.stringContaining(message) });
    expect(error instanceof Error && error.message).not.toContain("\n");
    expect(exitCodeFor(error)).toBe(2);
  });

  it("whatever it holds, it is a command or a usage error", () => {
    const words = [...verbs.map(({ name }) => name), ...Object.keys(optionRows).map((name) => `--${name}`), "--", "-h"];
    const word = fc.oneof(fc.constantFrom(...words, "5s", "x"), fc.string());
    fc.assert(
      fc.property(fc.array(word), (argv) => {
        const result = attempt(argv);
        if (result instanceof Error) expect(result).toMatchObject({ code: "usage" });
      }),
    );
  });
});

describe("help", () => {
  it("has every verb with an example that the parser takes", () => {
    const overview = help(undefined);
    for (const verb of verbs) {
      expect(overview).toContain(`sssonector ctl ${verb.example}\n`);
      const words = verb.example.match(/"[^"]*"|\S+/g) ?? [];
      expect(parseCommand(words)).toMatchObject({ kind: "run", verb: { name: verb.name } });
    }
  });

  it.each([
    ["kick", "--help"],
    ["help", "kick"],
    ["-h", "kick"],
  ])("%s %s is about that verb", (...argv) => {
    const command = parseCommand(argv);
    expect(command).toMatchObject({ kind: "help", verb: { name: "kick" } });
    const text = command.kind === "help" ? help(command.verb) : "";
    for (const option of verbs.filter(({ name }) => name === "kick").flatMap(optionsOf)) {
      expect(text).toContain(`--${option}`);
    }
  });
});

it.each([
  ["statsu", "status"],
  ["helth", "health"],
  ["rel", "reload"],
  ["s", undefined],
  ["xyzzy", undefined],
])("nearest to %s is %s", (word, name) =>
  expect(
    nearest(
      word,
      verbs.map((verb) => verb.name),
    ),
  ).toBe(name),
);

function attempt(argv: readonly string[]): unknown {
  try {
    return parseCommand(argv);
  } catch (error) {
    if (error instanceof SssonectorError) return error;
    throw error;
  }
}
