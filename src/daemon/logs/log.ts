import { isatty } from "node:tty";
import { type Logger, pino } from "pino";
import type { LogLevel, LogLine } from "../../shared/control/log-line.ts";
import type { ErrorCode } from "../../shared/errors.ts";
import type { EventCode } from "../../shared/event-codes.ts";
import type { LogFacts } from "../../shared/log-keys.ts";
import { printable } from "../../shared/text.ts";
import { LogRing } from "./ring.ts";
import { Sink } from "./sink.ts";

export interface LogSettings {
  readonly level: LogLevel;
  readonly format: "json" | "text";
  readonly output:
    | { readonly kind: "stdout" }
    | { readonly kind: "stderr" }
    | { readonly kind: "file"; readonly path: string };
}

/** What a line is about. */
export type LogCode = EventCode | ErrorCode;

/** Characters of a message, and of a fact; what peers send may be long. */
const longest = { message: 2_000, fact: 500 };

/** Opens the log. A file that can't be opened is tried again by `check`; its lines are counted as lost meanwhile. */
export async function openLog(settings: LogSettings, name: string): Promise<Log> {
  const { output } = settings;
  const fd = output.kind === "stdout" ? 1 : 2;
  const sink = new Sink(output.kind === "file" ? output : { kind: "fd", fd });
  const write = settings.format === "text" ? await asText(sink, output.kind !== "file" && isatty(fd)) : undefined;
  return new Log(settings.level, name, sink, write ?? ((line): void => sink.write(line)));
}

async function asText(sink: Sink, colorize: boolean): Promise<(line: string) => void> {
  const { prettyFactory } = await import("pino-pretty");
  const pretty = prettyFactory({
    ignore: "pid,hostname,name",
    singleLine: true,
    translateTime: "SYS:isoDateTime",
    colorize,
  });
  return (line) => sink.write(pretty(line) ?? line);
}

/** The daemon's log: lines with a code of a table and facts of a table, written at once and kept for `ctl logs`. */
export class Log {
  readonly #sink: Sink;
  readonly #ring = new LogRing();
  readonly #pino: Logger;

  constructor(level: LogLevel, name: string, sink: Sink, write: (line: string) => void) {
    this.#sink = sink;
    const destination = {
      write: (line: string): void => {
        this.#ring.add(line);
        write(line);
      },
    };
    this.#pino = pino({ level, base: { pid: process.pid, name } }, destination);
  }

  write(level: LogLevel, code: LogCode, message: string, facts: LogFacts = {}): void {
    if (this.#pino.isLevelEnabled(level)) {
      this.#pino[level]({ code, ...clean(facts) }, printable(message, longest.message));
    }
  }

  get level(): LogLevel {
    return this.#pino.level as LogLevel;
  }

  set level(level: LogLevel) {
    this.#pino.level = level;
  }

  /** The newest `most` lines after number `since` that are at least of `level`, oldest first. */
  since(since: number, level: LogLevel, most: number): LogLine[] {
    return this.#ring.since(since, level, most);
  }

  /** To be called about once a second: a file that was moved, removed or could not be opened is opened again. */
  check(): void {
    this.#sink.check();
  }

  /** Opens a file anew, for logrotate. */
  reopen(): void {
    this.#sink.reopen();
  }

  get written(): number {
    return this.#sink.written;
  }

  /** Lines that could not be written. */
  get lost(): number {
    return this.#sink.lost;
  }

  /** Why the last line that was lost could not be written; undefined when none was. */
  get error(): string | undefined {
    return this.#sink.error;
  }

  close(): void {
    this.#sink.close();
  }
}

/** Peers' text without what a terminal would obey. */
function clean(facts: LogFacts): LogFacts {
  const entries = Object.entries(facts).map(
    ([key, value]) => [key, typeof value === "string" ? printable(value, longest.fact) : value] as const,
  );
  return Object.fromEntries(entries);
}
