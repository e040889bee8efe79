import { systemClock } from "../../shared/clock.ts";
import type { Io } from "../io.ts";

/** The terminal or pipes around the command. */
export interface Terminal extends Io {
  /** Whether data goes to a terminal, which a watch may clear. */
  readonly clearable: boolean;
  /** Whether a person can be asked. */
  readonly interactive: boolean;
  ask(question: string): Promise<string>;
  /** Aborted when nobody reads the data any more. */
  readonly gone: AbortSignal;
  readonly env: NodeJS.ProcessEnv;
}

export function processTerminal(): Terminal {
  const gone = new AbortController();
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    gone.abort();
  });
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    clock: systemClock,
    clearable: process.stdout.isTTY,
    interactive: process.stdin.isTTY && process.stderr.isTTY,
    ask: askOnTerminal,
    gone: gone.signal,
    env: process.env,
  };
}

async function askOnTerminal(question: string): Promise<string> {
  // Loaded when somebody is asked, since it takes milliseconds.
  const { createInterface } = await import("node:readline/promises");
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await lines.question(question);
  } finally {
    lines.close();
  }
}
