/** Milliseconds on a monotonic clock; only differences mean something. */
export type Millis = number;

export interface Timer {
  cancel(): void;
}

/** Source of time for everything that waits; tests inject one that they advance by hand. */
export interface Clock {
  /** Monotonic milliseconds with a fractional part. */
  now(): Millis;
  /** Milliseconds since the Unix epoch, for what people and certificates read. */
  wall(): number;
  after(delay: Millis, run: () => void): Timer;
  every(interval: Millis, run: () => void): Timer;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(delay, run) {
    const handle = setTimeout(run, delay);
    return { cancel: () => clearTimeout(handle) };
  },
  every(interval, run) {
    const handle = setInterval(run, interval);
    return { cancel: () => clearInterval(handle) };
  },
};
