import type { ControlClient } from "../../shared/control/client.ts";
import { exitCodes } from "../../shared/control/exit.ts";
import type { ActionOutcome, ActionParams } from "../../shared/control/protocol.ts";
import { printable } from "../../shared/text.ts";
import { type Context, printJson } from "./context.ts";
import { levelOf } from "./logs.ts";

/** Calls an action of the daemon. */
export type Act = (client: ControlClient, context: Context, dryRun: boolean) => Promise<ActionOutcome>;

/** What every action says beside its target. */
export function acting(
  { options, revision }: Context,
  dryRun: boolean,
): Required<Pick<ActionParams, "dry_run" | "accept_risk">> & Pick<ActionParams, "revision"> {
  return { dry_run: dryRun, accept_risk: options.acceptRisk, revision };
}

export const kick: Act = (client, context, dryRun) =>
  client.call("kick", {
    target: context.args[0] ?? "",
    reason: context.options.reason,
    ...acting(context, dryRun),
  });
export const reload: Act = (client, context, dryRun) => client.call("reload", acting(context, dryRun));
export const stop: Act = (client, context, dryRun) => client.call("stop", acting(context, dryRun));
export const undo: Act = (client, context, dryRun) => client.call("undo", acting(context, dryRun));
export const confirm: Act = (client, context, dryRun) => client.call("confirm", acting(context, dryRun));
export const logLevel: Act = (client, context, dryRun) =>
  client.call("log_level", { level: levelOf(context.args[0] ?? ""), ...acting(context, dryRun) });

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
