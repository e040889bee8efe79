import type { DaemonEvent } from "../../shared/control/snapshot.ts";
import { type Context, printJson } from "./context.ts";
import { show } from "./read.ts";
import { eventLine, eventsView } from "./views.ts";

/** Updates a second while following. */
const followRate = 5;

/** Shows the daemon's events; with --follow (or --watch) one per line as they come, until nobody reads any more. */
export function events(context: Context): Promise<number> {
  return context.options.follow || context.options.watch ? follow(context) : show(context, eventsView);
}

async function follow(context: Context): Promise<number> {
  using client = await context.connect();
  let last = print(context, await eventsView.fetch(client, context), 0);
  const end = Promise.withResolvers<number>();
  client.onClose((reason) => end.reject(reason));
  context.terminal.gone.addEventListener("abort", () => end.resolve(0), { once: true });
  // The snapshot holds only the newest events; the log is asked for them, so that a burst loses none.
  const catchUp = async (): Promise<void> => {
    const { events: newer } = await client.call("events", { since: last });
    last = print(context, newer, last);
  };
  await client.subscribe(followRate, (snapshot) => {
    if ((snapshot.events.at(-1)?.seq ?? 0) > last) catchUp().catch((error: unknown) => end.reject(error));
  });
  return await end.promise;
}

/** Prints what is newer than `last`; returns the number of the newest. */
function print(context: Context, list: readonly DaemonEvent[], last: number): number {
  const { terminal, options } = context;
  for (const event of list.filter(({ seq }) => seq > last)) {
    if (options.json) printJson(terminal, event);
    else terminal.out(eventLine(event));
  }
  return Math.max(last, list.at(-1)?.seq ?? 0);
}
