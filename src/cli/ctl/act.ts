import type { ControlClient } from "../../shared/control/client.ts";
import { exitCodes } from "../../shared/control/exit.ts";
import type { ActionOutcome } from "../../shared/control/protocol.ts";
import { printable } from "../../shared/text.ts";
import { type Context, printJson } from "./context.ts";
import { levelOf } from "./logs.ts";

/** Calls an action of the daemon. */
export type Act = (client: ControlClient, context: Context, dryRun: boolean) => Promise<ActionOutcome>;

export const kick: Act = (client, { args: [target = ""], options }, dryRun) =>
  client.call("kick", { target, reason: options.reason, dry_run: dryRun });
export const reload: Act = (client, _context, dryRun) => client.call("reload", { dry_run: dryRun });
export const stop: Act = (client, _context, dryRun) => client.call("stop", { dry_run: dryRun });
export const logLevel: Act = (client, { args: [level = ""] }, dryRun) =>
  client.call("log_level", { level: levelOf(level), dry_run: dryRun });

/** Runs an action; on a terminal it asks first, with what the daemon says would happen. */
export async function perform(context: Context, act: Act): Promise<number> {
  const { terminal, options } = context;
  using client = await context.connect();
  const asks = terminal.interactive && !options.yes && !options.dryRun;
  if (asks && !(await agreed(context, await act(client, context, true)))) {
    terminal.err("nothing done\n");
    return exitCodes.failed;
  }
  const outcome = await act(client, context, options.dryRun);
  if (options.json) printJson(terminal, outcome);
  else terminal.out(`${printable(outcome.message, 500)}\n`);
  return exitCodes.ok;
}

async function agreed({ terminal }: Context, preview: ActionOutcome): Promise<boolean> {
  terminal.err(`${printable(preview.message, 500)}\n`);
  return /^y(es)?$/i.test((await terminal.ask("Do it? [y/N] ")).trim());
}
