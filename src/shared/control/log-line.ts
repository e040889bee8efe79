/** Levels of log lines, least important first, as pino numbers them. */
export const logLevels = { trace: 10, debug: 20, info: 30, warn: 40, error: 50, fatal: 60 } as const;

export type LogLevel = keyof typeof logLevels;

export const logLevelNames: readonly LogLevel[] = Object.keys(logLevels) as LogLevel[];

/** One line of the daemon's log. */
export interface LogLine {
  /** Grows by one with each line of this daemon's run. */
  seq: number;
  /** Milliseconds since the Unix epoch. */
  time_ms: number;
  level: LogLevel;
  /** As in docs/events.md or docs/errors.md. */
  code: string;
  message: string;
  facts: Record<string, string | number>;
}
