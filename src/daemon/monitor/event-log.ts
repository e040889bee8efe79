import type { Clock } from "../../shared/clock.ts";
import type { DaemonEvent } from "../../shared/control/snapshot.ts";

const kept = 1000;

/** What has happened, numbered; the newest 1,000. */
export class EventLog {
  readonly #clock: Clock;
  readonly #events: DaemonEvent[] = [];
  readonly #listeners = new Set<(event: DaemonEvent) => void>();
  #seq = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(
    severity: DaemonEvent["severity"],
    code: string,
    message: string,
    facts: Record<string, string | number> = {},
  ): void {
    this.#seq += 1;
    const event = { seq: this.#seq, time_ms: this.#clock.wall(), severity, code, message, facts };
    this.#events.push(event);
    if (this.#events.length > kept) this.#events.shift();
    for (const listener of this.#listeners) listener(event);
  }

  since(seq: number): DaemonEvent[] {
    return this.#events.filter((event) => event.seq > seq);
  }

  newest(count: number): DaemonEvent[] {
    return this.#events.slice(-count);
  }

  onEvent(listener: (event: DaemonEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
