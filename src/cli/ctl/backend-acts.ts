import { exitCodes } from "../../shared/control/exit.ts";
import { limits } from "../../shared/control/protocol.ts";
import type { Snapshot } from "../../shared/control/snapshot.ts";
import { SssonectorError } from "../../shared/errors.ts";
import { printable } from "../../shared/text.ts";
import { type Act, acting, type Doing, doing } from "./act.ts";
import { type Context, printJson } from "./context.ts";
import { noBackend } from "./no-backend.ts";
import { notClosed } from "./not-closed.ts";
import { durationOf } from "./options.ts";

/** An action on the backend that the command line names; the nearest name is told when there is none of this name. */
function onBackend(act: Act): Doing {
  return doing(async (client, context, dryRun) => {
    try {
      return await act(client, context, dryRun);
    } catch (error) {
      if (!(error instanceof SssonectorError) || error.code !== "control_not_found") throw error;
      throw noBackend(named(context), await client.call("snapshot", {}));
    }
  });
}

/** The backend named on the command line; the parser has seen to those that must be there. */
function named({ args: [backend = ""] }: Context): string {
  return backend;
}

export const drain: Doing = onBackend((client, context, dryRun) =>
  client.call("drain", {
    backend: context.args[0],
    deadline_ms: context.options.deadline,
    ...acting(context, dryRun),
  }),
);

export const ready: Doing = onBackend((client, context, dryRun) =>
  client.call("ready", { backend: context.args[0], ...acting(context, dryRun) }),
);

export const maint: Doing = onBackend((client, context, dryRun) =>
  client.call("maint", { backend: named(context), ...acting(context, dryRun) }),
);

/** @throws SssonectorError usage, before the daemon is asked */
export async function setWeight(context: Context): Promise<number> {
  const weight = weightOf(context.args[1] ?? "");
  const confirm_within_ms = context.options.confirmWithin;
  const act: Act = (client, seen, dryRun) =>
    client.call("set_weight", { backend: named(context), weight, confirm_within_ms, ...acting(seen, dryRun) });
  return onBackend(act)(context);
}

/** @throws SssonectorError usage, before the daemon is asked */
export async function openBreaker(context: Context): Promise<number> {
  const for_ms = durationOf("for", context.options.for);
  const act: Act = (client, seen, dryRun) =>
    client.call("open_breaker", { backend: named(context), for_ms, ...acting(seen, dryRun) });
  return onBackend(act)(context);
}

export const closeBreaker: Doing = onBackend((client, context, dryRun) =>
  client.call("close_breaker", { backend: named(context), ...acting(context, dryRun) }),
);

/**
 * Resets the named breaker, all of them, or the only one that is not closed.
 * @throws SssonectorError usage when several are not closed: it lists them
 */
export async function resetBreaker(context: Context): Promise<number> {
  const { args, options } = context;
  const [backend] = args;
  if (options.all && backend !== undefined) throw new SssonectorError("usage", "reset-breaker takes a name or --all");
  if (options.all) return reset({ all: true })(context);
  return backend === undefined ? resetOnly(context) : reset({ backend })(context);
}

function reset(which: { backend: string } | { all: true }): Doing {
  return onBackend((client, seen, dryRun) => client.call("reset_breaker", { ...which, ...acting(seen, dryRun) }));
}

async function resetOnly(context: Context): Promise<number> {
  const { breakers, control } = await snapshotOf(context);
  const names = notClosed(breakers);
  const [backend] = names;
  if (backend === undefined) return nothingToReset(context, control.revision);
  if (names.length === 1) return reset({ backend })(context);
  const list = names.map((name) => printable(name)).join(", ");
  throw new SssonectorError("usage", `several breakers are not closed: ${list}`, { next: "name one, or give --all" });
}

async function snapshotOf(context: Context): Promise<Snapshot> {
  using client = await context.connect();
  return await client.call("snapshot", {});
}

function nothingToReset({ options, terminal }: Context, revision: number): number {
  const message = "no breaker is open: nothing to reset";
  if (options.json) printJson(terminal, { outcome: "done", dry_run: options.dryRun, message, facts: {}, revision });
  else terminal.out(`${message}\n`);
  return exitCodes.ok;
}

function weightOf(text: string): number | "auto" {
  const { min, max } = limits.weight;
  if (text === "auto") return text;
  if (/^\d{1,4}$/.test(text) && Number(text) <= max) return Number(text);
  throw new SssonectorError("usage", `set-weight wants a whole number from ${min} to ${max}, or auto`);
}
