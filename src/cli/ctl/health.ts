import type { Backend, Snapshot } from "../../shared/control/snapshot.ts";
import { describeError } from "../../shared/errors.ts";
import { printable } from "../../shared/text.ts";
import type { HealthAnswer } from "./answers.ts";
import { type Context, printJson } from "./context.ts";
import { notClosed } from "./not-closed.ts";
import { show, type View } from "./read.ts";
import { alertLines } from "./views.ts";

/** Exit codes of `health`, as monitoring systems read them. */
export const healthExit = { ok: 0, degraded: 1, critical: 2, unreachable: 3 } as const;

const healthView: View<HealthAnswer> = {
  fetch: async (client) => judge(await client.call("snapshot", {})),
  json: (health) => health,
  text,
  exit: ({ health }) => healthExit[health],
};

const unreachable: HealthAnswer = {
  health: "unreachable",
  state: null,
  alerts: [],
  backends_down: [],
  breakers_not_closed: [],
};

/** Shows the daemon's health; whatever keeps it from being read is "unreachable". */
export async function health(context: Context): Promise<number> {
  try {
    return await show(context, healthView);
  } catch (error) {
    if (context.options.json) printJson(context.terminal, unreachable);
    else context.terminal.out("unreachable\n");
    context.terminal.err(`sssonector ctl: ${printable(describeError(error), 500)}\n`);
    return healthExit.unreachable;
  }
}

function judge({ status, backends, breakers }: Snapshot): HealthAnswer {
  const { state, alerts } = status;
  const backends_down = backends.filter(isDown).map(({ name }) => name);
  const breakers_not_closed = notClosed(breakers);
  const rows = { state, alerts, backends_down, breakers_not_closed };
  if (alerts.some(({ severity }) => severity === "critical")) return { health: "critical", ...rows };
  const troubles = alerts.length + backends_down.length + breakers_not_closed.length;
  return { health: state === "ready" && troubles === 0 ? "ok" : "degraded", ...rows };
}

/** Under maint nothing is checked, and that is what the operator wants. */
function isDown({ admin, operational }: Backend): boolean {
  return operational === "down" && admin !== "maint";
}

function text({ health, state, alerts, backends_down, breakers_not_closed }: HealthAnswer): string {
  const rows = `${named("backends down", backends_down)}${named("breakers not closed", breakers_not_closed)}`;
  return `${alertLines(alerts)}${health} (${state})${rows}\n`;
}

function named(what: string, names: readonly string[]): string {
  return names.length === 0 ? "" : `; ${what}: ${names.map((name) => printable(name)).join(", ")}`;
}
