import type { DaemonProcess } from "./daemon-process.ts";

/** A stage that is set up, with its client not yet started. */
export interface Story {
  /** Disposal ends what runs and removes what was made. */
  readonly stage: AsyncDisposable;
  /** The daemon to watch. */
  readonly client: DaemonProcess;
  /** Bring-up, of which it tells, traffic, faults, the numbers. True when all of it held. */
  tell(durationSeconds: number, up: () => void): Promise<boolean>;
}
