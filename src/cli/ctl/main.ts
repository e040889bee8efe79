import { exitCodeFor } from "../../shared/control/exit.ts";
import { describeError } from "../../shared/errors.ts";
import { printable } from "../../shared/text.ts";
import { contextFor } from "./context.ts";
import { parseCommand } from "./parse.ts";
import { processTerminal, type Terminal } from "./terminal.ts";

/** `sssonector ctl`: runs one verb; returns the exit code. */
export async function run(argv: readonly string[], terminal: Terminal = processTerminal()): Promise<number> {
  try {
    const command = parseCommand(argv);
    if (command.kind === "run") {
      return await command.verb.run(contextFor(command.options, command.args, terminal));
    }
    const { help } = await import("./help.ts");
    terminal.out(help(command.verb));
    return 0;
  } catch (error) {
    terminal.err(`sssonector ctl: ${printable(describeError(error), 1_000)}\n`);
    return exitCodeFor(error);
  }
}
