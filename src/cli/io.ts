import { type Clock, systemClock } from "../shared/clock.ts";

/** What a subcommand talks to: data goes to `out`, talk to `err`; tests pass their own. */
export interface Io {
  out(text: string): void;
  err(text: string): void;
  readonly clock: Clock;
}

export const processIo: Io = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  clock: systemClock,
};
