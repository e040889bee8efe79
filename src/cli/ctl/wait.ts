import type { ControlClient } from "../../shared/control/client.ts";
import { exitCodes } from "../../shared/control/exit.ts";
import type { Snapshot } from "../../shared/control/snapshot.ts";
import { SssonectorError } from "../../shared/errors.ts";
import { type Condition, conditionOf } from "./condition.ts";
import { type Context, pause, printJson } from "./context.ts";

/** Milliseconds until it gives up, unless --timeout says otherwise. */
const patience = 60_000;
/** Milliseconds between tries to reach a daemon that isn't there yet. */
const retryEvery = 100;

/**
 * Waits for the daemon, also one that isn't there yet, to be as asked.
 * @throws SssonectorError control_timeout; usage; control_denied; control_not_found
 */
export async function wait(context: Context): Promise<number> {
  const { terminal, options } = context;
  const condition = conditionOf(options.for);
  const expired = new AbortController();
  const timer = terminal.clock.after(options.timeout ?? patience, () => expired.abort());
  try {
    const snapshot = await reach(context, condition, expired.signal);
    const { name, state, sessions, connections } = snapshot.status;
    const rows = { backend: null, breaker: null, ...condition.row?.(snapshot) };
    if (options.json) printJson(terminal, { name, state, sessions, connections, ...rows });
    else terminal.out(`${condition.seen(snapshot)}\n`);
    return exitCodes.ok;
  } finally {
    timer.cancel();
  }
}

async function reach(context: Context, condition: Condition, expired: AbortSignal): Promise<Snapshot> {
  let last = "no daemon";
  for (;;) {
    try {
      using client = await context.connect();
      const result = await watchFor(client, condition, expired, (seen) => (last = seen));
      if (result !== undefined) return result;
    } catch (error) {
      if (!isAbsence(error)) throw error;
      last = error.message;
      await pause(context.terminal, retryEvery);
    }
    if (expired.aborted) {
      const next = "give it longer with --timeout, or look at: sssonector ctl events";
      throw new SssonectorError("control_timeout", `still not ${condition.text}: ${last}`, { next });
    }
  }
}

/** The snapshot in which it is so; undefined when time is up. */
async function watchFor(
  client: ControlClient,
  condition: Condition,
  expired: AbortSignal,
  seen: (text: string) => void,
): Promise<Snapshot | undefined> {
  const end = Promise.withResolvers<Snapshot | undefined>();
  client.onClose((reason) => end.reject(reason));
  expired.addEventListener("abort", () => end.resolve(undefined), { once: true });
  if (expired.aborted) end.resolve(undefined);
  await client.subscribe(10, (snapshot) => {
    try {
      seen(condition.seen(snapshot));
      if (condition.met(snapshot)) end.resolve(snapshot);
    } catch (error) {
      end.reject(error);
    }
  });
  return end.promise;
}

/** Whether the daemon is not there, or not any more: it may come. */
function isAbsence(error: unknown): error is SssonectorError {
  return error instanceof SssonectorError && (error.code === "control_unreachable" || error.code === "control_lost");
}
