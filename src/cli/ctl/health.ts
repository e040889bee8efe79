import type { Alert, DaemonState, Status } from "../../shared/control/snapshot.ts";
import { describeError } from "../../shared/errors.ts";
import { printable } from "../../shared/text.ts";
import { type Context, printJson } from "./context.ts";
import { show, type View } from "./read.ts";
import { alertLines, statusView } from "./views.ts";

/** Exit codes of `health`, as monitoring systems read them. */
export const healthExit = { ok: 0, degraded: 1, critical: 2, unreachable: 3 } as const;

interface Health {
  health: Exclude<keyof typeof healthExit, "unreachable">;
  state: DaemonState;
  alerts: Alert[];
}

const healthView: View<Health> = {
  fetch: async (client, context) => judge(await statusView.fetch(client, context)),
  json: (health) => health,
  text: ({ health, state, alerts }) => `${alertLines(alerts)}${health} (${state})\n`,
  exit: ({ health }) => healthExit[health],
};

/** Shows the daemon's health; whatever keeps it from being read is "unreachable". */
export async function health(context: Context): Promise<number> {
  try {
    return await show(context, healthView);
  } catch (error) {
    if (context.options.json) printJson(context.terminal, { health: "unreachable", alerts: [] });
    else context.terminal.out("unreachable\n");
    context.terminal.err(`sssonector ctl: ${printable(describeError(error), 500)}\n`);
    return healthExit.unreachable;
  }
}

function judge({ state, alerts }: Status): Health {
  if (alerts.some(({ severity }) => severity === "critical")) return { health: "critical", state, alerts };
  return { health: state === "ready" && alerts.length === 0 ? "ok" : "degraded", state, alerts };
}
