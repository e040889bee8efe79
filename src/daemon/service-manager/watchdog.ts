import type { Clock, Timer } from "../../shared/clock.ts";

export interface WatchdogParts {
  readonly clock: Clock;
  /** Milliseconds after which the service manager takes the daemon for stuck. */
  readonly patience: number;
  /** Resolves when every other thread has answered. */
  readonly responds: () => Promise<void>;
  readonly alive: () => void;
}

/**
 * A sign of life twice within the manager's patience, each only after the other threads have answered: a stuck one
 * ends them, and so does a stuck caller, on whose loop the timer runs.
 */
export function startWatchdog({ clock, patience, responds, alive }: WatchdogParts): Timer {
  let waiting = false;
  const look = async (): Promise<void> => {
    if (waiting) return;
    waiting = true;
    await responds();
    waiting = false;
    alive();
  };
  return clock.every(patience / 2, () => void look());
}
