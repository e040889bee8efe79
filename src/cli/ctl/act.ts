import type { ControlClient } from "../../shared/control/client.ts";
import { exitCodes } from "../../shared/control/exit.ts";
import type { ActionOutcome, ActionParams } from "../../shared/control/protocol.ts";
import { printable } from "../../shared/text.ts";
import { type Context, printJson } from "./context.ts";

/** Calls an action of the daemon. */
export type Act = (client: ControlClient, context: Context, dryRun: boolean) => Promise<ActionOutcome>;

/** What every action says beside its target. */
export function acting(
  { options, revision }: Context,
  dryRun: boolean,
): Required<Pick<ActionParams, "dry_run" | "accept_risk">> & Pick<ActionParams, "revision"> {
  return { dry_run: dryRun, accept_risk: options.acceptRisk, revision };
}

/** A verb's action: it runs as perform does. */
export type Doing = (context: Context) => Promise<number>;

export function doing(act: Act): Doing {
  return (context) => perform(context, act);
}

/** Runs an action; on a terminal it asks first, with what the daemon says would happen. */
export async function perform(context: Context, act: Act): Promise<number> {
  const { terminal, options } = context;
  using client = await context.connect();
  const asks = terminal.interactive && !options.yes && !options.dryRun;
  let seen = context;
  if (asks) {
    const preview = await act(client, context, true);
    if (!(await agreed(context, preview))) {
      terminal.err("nothing done\n");
      return exitCodes.failed;
    }
    seen = { ...context, revision: preview.revision };
  }
  const outcome = await act(client, seen, options.dryRun);
  if (options.json) printJson(terminal, outcome);
  else terminal.out(`${printable(outcome.message, 500)}\n`);
  return exitCodes.ok;
}

async function agreed({ terminal }: Context, preview: ActionOutcome): Promise<boolean> {
  terminal.err(`${printable(preview.message, 500)}\n`);
  return /^y(es)?$/i.test((await terminal.ask("Do it? [y/N] ")).trim());
}
