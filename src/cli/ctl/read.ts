import type { ControlClient } from "../../shared/control/client.ts";
import type { Answers } from "./answers.ts";
import { type Context, pause, printJson } from "./context.ts";

/** A verb that shows something. */
export interface View<Value> {
  fetch(client: ControlClient, context: Context): Promise<Value>;
  /** Members beside `v`. */
  json(value: Value): Answers[keyof Answers];
  /** Lines for people, each ended. */
  text(value: Value, context: Context): string;
  /** Exit code; default 0. */
  exit?(value: Value): number;
}

const clearScreen = "\u001b[H\u001b[2J";

/** Shows the view once, or with --watch until nobody reads any more. */
export async function show<Value>(context: Context, view: View<Value>): Promise<number> {
  const { terminal, options } = context;
  using client = await context.connect();
  for (;;) {
    const value = await view.fetch(client, context);
    if (options.json) printJson(terminal, view.json(value));
    else terminal.out(`${options.watch && terminal.clearable ? clearScreen : ""}${view.text(value, context)}`);
    if (options.watch) await pause(terminal, options.interval);
    if (!options.watch || terminal.gone.aborted) return view.exit?.(value) ?? 0;
  }
}
