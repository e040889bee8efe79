import type { Clock, Millis } from "../../shared/clock.ts";
import type { Alert } from "../../shared/control/snapshot.ts";
import type { Log } from "./log.ts";

/** Without a lost log line the alert ends. */
const quietAfter: Millis = 60_000;

/** Whether the log can be written: an alert as long as lines were lost in the last minute. */
export class LogLoss {
  readonly #clock: Clock;
  readonly #log: Pick<Log, "lost" | "error" | "check">;
  /** Lines can't be written from now on; `lost` in all. */
  readonly #began: (lost: number) => void;
  #lostBefore = 0;
  /** When lines were last lost; undefined when that is a minute ago. */
  #lastAt: Millis | undefined;

  constructor(clock: Clock, log: Pick<Log, "lost" | "error" | "check">, began: (lost: number) => void) {
    this.#clock = clock;
    this.#log = log;
    this.#began = began;
  }

  /** Once a second. */
  tick(): void {
    const log = this.#log;
    log.check();
    const now = this.#clock.now();
    if (log.lost > this.#lostBefore) {
      if (this.#lastAt === undefined) this.#began(log.lost);
      this.#lastAt = now;
      // What told of it may have been a line as well, lost or not.
      this.#lostBefore = log.lost;
    }
    if (this.#lastAt !== undefined && now - this.#lastAt > quietAfter) this.#lastAt = undefined;
  }

  alerts(): Alert[] {
    if (this.#lastAt === undefined) return [];
    const { lost, error } = this.#log;
    const message = `${lost} log lines could not be written, the last ones a moment ago (${error ?? "its reader is behind"})`;
    return [{ code: "log_lost", severity: "warning", message }];
  }
}
