/** The ways out of the console besides its own keys. */
import type { Writable } from "node:stream";

/** Why the console ends; `error` is printed after the terminal is its owner's again. */
export interface Exit {
  readonly code: number;
  readonly error?: unknown;
}

/** Exit codes of signals are 128 and the signal's number, as in a shell. */
const signals = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** Calls `leave` on signals, uncaught errors and an output that is gone (a pipe's reader may leave); returns what takes that back. */
export function watchExits(stdout: Writable, leave: (exit: Exit) => void): () => void {
  const onError = (error: unknown): void => leave({ code: 1, error });
  const onBrokenOutput = (error: NodeJS.ErrnoException): void =>
    leave({ code: error.code === "EPIPE" ? 0 : signals.SIGHUP });
  const handlers = Object.entries(signals).map(([name, code]) => [name, () => leave({ code })] as const);
  for (const [name, handler] of handlers) process.on(name, handler);
  process.on("uncaughtException", onError);
  process.on("unhandledRejection", onError);
  stdout.on("error", onBrokenOutput);
  return () => {
    for (const [name, handler] of handlers) process.off(name, handler);
    process.off("uncaughtException", onError);
    process.off("unhandledRejection", onError);
    stdout.off("error", onBrokenOutput);
  };
}
