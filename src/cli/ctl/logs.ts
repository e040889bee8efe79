import type { ControlClient } from "../../shared/control/client.ts";
import { logLevelNames, type LogLevel, type LogLine } from "../../shared/control/log-line.ts";
import { SssonectorError } from "../../shared/errors.ts";
import { printable } from "../../shared/text.ts";
import { type Context, pause, printJson } from "./context.ts";
import { show, type View } from "./read.ts";

/** Milliseconds between looks for new lines while following. */
const followEvery = 500;
const mostFacts = 300;

/** Shows the newest log lines that the daemon keeps; with --follow (or --watch) one per line as they come. */
export function logs(context: Context): Promise<number> {
  return context.options.follow || context.options.watch ? follow(context) : show(context, logsView);
}

/** @throws SssonectorError usage */
export function levelOf(text: string): LogLevel {
  const level = logLevelNames.find((name) => name === text);
  if (level !== undefined) return level;
  throw new SssonectorError(
    "usage",
    `a level is one of ${logLevelNames.join(", ")} (got ${JSON.stringify(printable(text))})`,
  );
}

const logsView: View<LogLine[]> = {
  fetch: async (client, context) => {
    const { since } = context.options;
    const lines = await linesAfter(client, context, since?.kind === "seq" ? since.seq : 0);
    if (since?.kind !== "age") return lines;
    const oldest = context.terminal.clock.wall() - since.milliseconds;
    return lines.filter((line) => line.time_ms >= oldest);
  },
  json: (lines) => ({ lines }),
  text: (lines) => (lines.length === 0 ? "no lines\n" : lines.map(logLine).join("")),
};

async function follow(context: Context): Promise<number> {
  using client = await context.connect();
  let lines = await logsView.fetch(client, context);
  for (let last = 0; !context.terminal.gone.aborted; ) {
    for (const line of lines) {
      if (context.options.json) printJson(context.terminal, line);
      else context.terminal.out(logLine(line));
    }
    last = lines.at(-1)?.seq ?? last;
    await pause(context.terminal, followEvery);
    if (!context.terminal.gone.aborted) lines = await linesAfter(client, context, last);
  }
  return 0;
}

async function linesAfter(client: ControlClient, { options }: Context, since: number): Promise<LogLine[]> {
  const level = options.level === undefined ? undefined : levelOf(options.level);
  return (await client.call("logs", { since, level })).lines;
}

/** One line of the log; what it says may come from a peer. */
function logLine({ time_ms, level, code, message, facts }: LogLine): string {
  const time = new Date(time_ms).toISOString();
  const written = Object.entries(facts).map(([key, value]) => `${key}=${value}`);
  const rest = written.length === 0 ? "" : ` (${printable(written.join(" "), mostFacts)})`;
  return `${time} ${level.padEnd(5)} ${printable(code)}: ${printable(message, mostFacts)}${rest}\n`;
}
