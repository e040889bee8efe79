import { type DestinationStream, destination, type Level, type Logger, pino } from "pino";
import pretty from "pino-pretty";

export interface LogSettings {
  readonly level: Level;
  readonly format: "json" | "text";
  readonly output:
    | { readonly kind: "stdout" }
    | { readonly kind: "stderr" }
    | { readonly kind: "file"; readonly path: string };
}

/** Lines that could not be written, of this run. */
export const lostLines = { count: 0 };

/** Written at once, so that the last line before an exit is there; a full disk loses lines and nothing else. */
export function createLogger(settings: LogSettings, name: string): Logger {
  const { output } = settings;
  const dest = output.kind === "file" ? output.path : output.kind === "stdout" ? 1 : 2;
  const stream = destination({ dest, sync: true });
  stream.on("error", () => {
    lostLines.count += 1;
  });
  const target: DestinationStream =
    settings.format === "text" ? pretty({ destination: stream, ignore: "pid,hostname,name", sync: true }) : stream;
  return pino({ name, level: settings.level, base: { pid: process.pid, name } }, target);
}
