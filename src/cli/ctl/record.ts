import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { exitCodes } from "../../shared/control/exit.ts";
import { RecordingWriter } from "../../shared/control/recording.ts";
import { describeError, SssonectorError } from "../../shared/errors.ts";
import { type Context, printJson } from "./context.ts";
import { durationOf } from "./options.ts";

/** Snapshots a second: the daemon measures once a second. */
const rateHz = 1;

/**
 * Writes what the daemon tells to a file, a line of JSON for each change, until a signal, --for has passed or the daemon
 * goes. `sssonector top --replay FILE` shows it.
 */
export async function record(context: Context): Promise<number> {
  const { args, options, terminal } = context;
  const [path = ""] = args;
  const time = durationOf("for", options.for);
  using client = await context.connect();
  const ended = Promise.withResolvers<number>();
  const stop = (): void => ended.resolve(exitCodes.ok);
  const file = createWriteStream(path, { mode: 0o600 });
  file.on("error", (error) => ended.reject(cantWrite(path, error)));
  const timer = time === undefined ? undefined : terminal.clock.after(time, stop);
  for (const signal of stopSignals) process.once(signal, stop);
  client.onClose((reason) => ended.reject(reason));
  const writer = new RecordingWriter();
  let lines = 0;
  try {
    await client.subscribe(rateHz, (snapshot) => {
      const line = writer.line(snapshot);
      if (line === undefined) return;
      file.write(line);
      lines += 1;
    });
    return await ended.promise;
  } finally {
    timer?.cancel();
    for (const signal of stopSignals) process.off(signal, stop);
    if (!file.destroyed) await once(file.end(), "close");
    if (options.json) printJson(terminal, { file: path, lines });
    else terminal.err(`${lines} lines in ${path}; look at them with: sssonector top --replay ${path}\n`);
  }
}

const stopSignals = ["SIGINT", "SIGTERM"] as const;

function cantWrite(path: string, error: Error): SssonectorError {
  return new SssonectorError("recording", `can't write ${path}: ${describeError(error)}`, { cause: error });
}
