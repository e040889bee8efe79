import type { ControlClient } from "../../shared/control/client.ts";
import { exitCodes } from "../../shared/control/exit.ts";
import type { DaemonState, Status } from "../../shared/control/snapshot.ts";
import { SssonectorError } from "../../shared/errors.ts";
import { type Context, pause, printJson } from "./context.ts";
import { didYouMean } from "./suggest.ts";

const states: readonly DaemonState[] = ["starting", "ready", "degraded", "draining", "stopping"];
/** Milliseconds until it gives up, unless --timeout says otherwise. */
const patience = 60_000;
/** Milliseconds between tries to reach a daemon that isn't there yet. */
const retryEvery = 100;

/**
 * Waits for the daemon, also one that isn't there yet, to reach a state.
 * @throws SssonectorError control_timeout; usage; control_denied
 */
export async function wait(context: Context): Promise<number> {
  const { terminal, options } = context;
  const state = wantedState(options.for);
  const expired = new AbortController();
  const timer = terminal.clock.after(options.timeout ?? patience, () => expired.abort());
  try {
    const status = await reach(context, state, expired.signal);
    if (options.json) printJson(terminal, { name: status.name, state: status.state });
    else terminal.out(`${status.state}\n`);
    return exitCodes.ok;
  } finally {
    timer.cancel();
  }
}

function wantedState(condition: string | undefined): DaemonState {
  const text = condition?.replace(/^state=/, "");
  const state = states.find((name) => name === text);
  if (state !== undefined && (state === "ready" || condition !== state)) return state;
  const conditions = ["ready", ...states.map((name) => `state=${name}`)];
  const problem = condition === undefined ? "wait needs --for CONDITION" : `unknown condition ${condition}`;
  const hint = didYouMean(condition ?? "", conditions);
  throw new SssonectorError("usage", `${problem}${hint}`, { next: `conditions: ${conditions.join(", ")}` });
}

async function reach(context: Context, state: DaemonState, expired: AbortSignal): Promise<Status> {
  let last = "no daemon";
  for (;;) {
    try {
      using client = await context.connect();
      const result = await watchFor(client, state, expired, (seen) => (last = `state ${seen}`));
      if (result !== undefined) return result;
    } catch (error) {
      if (!isAbsence(error)) throw error;
      last = error.message;
      await pause(context.terminal, retryEvery);
    }
    if (expired.aborted) {
      const next = "give it longer with --timeout, or look at: sssonector ctl events";
      throw new SssonectorError("control_timeout", `still not ${state}: ${last}`, { next });
    }
  }
}

/** The status in which the state is reached; undefined when time is up. */
async function watchFor(
  client: ControlClient,
  state: DaemonState,
  expired: AbortSignal,
  seen: (state: DaemonState) => void,
): Promise<Status | undefined> {
  const end = Promise.withResolvers<Status | undefined>();
  client.onClose((reason) => end.reject(reason));
  expired.addEventListener("abort", () => end.resolve(undefined), { once: true });
  if (expired.aborted) end.resolve(undefined);
  await client.subscribe(10, ({ status }) => {
    seen(status.state);
    if (status.state === state) end.resolve(status);
  });
  return end.promise;
}

/** Whether the daemon is not there, or not any more: it may come. */
function isAbsence(error: unknown): error is SssonectorError {
  return error instanceof SssonectorError && (error.code === "control_unreachable" || error.code === "control_lost");
}
