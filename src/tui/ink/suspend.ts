import type { Writable } from "node:stream";
import type { Clock } from "../../shared/clock.ts";

/**
 * Written before Ink takes the terminal: it draws its first line from the column where the cursor happens to be, which
 * is not the first one when a shell was typed ahead.
 */
export const toFirstColumn = "\r";

/** Hands the terminal back while it runs, as Ink's `suspendTerminal`. */
export type HandBack = (run: () => Promise<void>) => Promise<void>;

interface Pausable {
  pause(): void;
  resume(): void;
}

/** Milliseconds in which the kernel stops a process that was told to. */
const stopWithin = 50;

/**
 * Stops this process as a shell expects on Ctrl-Z. SIGTSTP and not SIGSTOP, since the kernel discards it where there
 * is no shell to continue us; then the time simply passes.
 */
async function stop(clock: Clock, stdout: Writable): Promise<void> {
  const passed = Promise.withResolvers<void>();
  process.kill(process.pid, "SIGTSTP");
  clock.after(stopWithin, () => passed.resolve());
  await passed.promise;
  stdout.write(toFirstColumn);
}

/** Ctrl-Z, also as a signal from outside: the terminal is handed back before the process stops. */
export class Suspender {
  #clock: Clock;
  #stdout: Writable;
  #handBack: HandBack | undefined;
  #suspended = false;
  #frames: Pausable | undefined;

  constructor(clock: Clock, stdout: Writable) {
    this.#clock = clock;
    this.#stdout = stdout;
    process.on("SIGTSTP", this.#onSignal);
  }

  readonly attach = (handBack: HandBack): void => {
    this.#handBack = handBack;
  };

  /** What draws on the terminal stops meanwhile. */
  around(frames: Pausable): void {
    this.#frames = frames;
  }

  async suspend(): Promise<void> {
    if (this.#suspended || this.#handBack === undefined) return;
    this.#suspended = true;
    process.off("SIGTSTP", this.#onSignal);
    try {
      this.#frames?.pause();
      await this.#handBack(() => stop(this.#clock, this.#stdout));
    } finally {
      this.#frames?.resume();
      process.on("SIGTSTP", this.#onSignal);
      this.#suspended = false;
    }
  }

  [Symbol.dispose](): void {
    process.off("SIGTSTP", this.#onSignal);
    this.#handBack = undefined;
  }

  readonly #onSignal = (): void => void this.suspend();
}
