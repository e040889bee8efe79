import type { Clock } from "../../shared/clock.ts";
import type { DaemonEvent } from "../../shared/control/snapshot.ts";
import { type EventCode, eventRows, type Severity, type SeverityOf } from "../../shared/event-codes.ts";
import type { LogFacts } from "../../shared/log-keys.ts";
import { PeerLimit } from "./peer-limit.ts";

/** An event of this daemon, whose code is one of the table. */
export type OwnEvent = DaemonEvent & { readonly code: EventCode };

const kept = 1000;

/** What has happened, numbered; the newest 1,000. What a peer causes is limited, so that it can't push out the rest. */
export class EventLog {
  readonly #clock: Clock;
  readonly #origin: Pick<DaemonEvent, "server" | "boot_id">;
  readonly #events: DaemonEvent[] = [];
  readonly #listeners = new Set<(event: OwnEvent) => void>();
  readonly #limit = new PeerLimit();
  readonly #counts = new Map<EventCode, number>();
  #seq = 0;

  /** `origin` tells the events of this run from those of every other one. */
  constructor(clock: Clock, origin: Pick<DaemonEvent, "server" | "boot_id">) {
    this.#clock = clock;
    this.#origin = origin;
  }

  add<C extends EventCode>(severity: Severity & SeverityOf<C>, code: C, message: string, facts: LogFacts = {}): void {
    this.#counts.set(code, (this.#counts.get(code) ?? 0) + 1);
    const suppressed = this.#suppressed(code, facts);
    if (suppressed === undefined) return;
    this.#seq += 1;
    const all = suppressed === 0 ? facts : { ...facts, suppressed };
    const event = { ...this.#origin, seq: this.#seq, time_ms: this.#clock.wall(), severity, code, message, facts: all };
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

  onEvent(listener: (event: OwnEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** How often each happened, those that were left out too. */
  get counts(): ReadonlyMap<EventCode, number> {
    return this.#counts;
  }

  /** Events that were left out because their peer caused too many. */
  get suppressed(): number {
    return this.#limit.suppressed;
  }

  #suppressed(code: EventCode, { identity, remote, who }: LogFacts): number | undefined {
    if (eventRows[code].peer !== true) return 0;
    const now = this.#clock.now();
    // Without its process id, which is another one each time.
    const user = who === undefined ? undefined : String(who).split(" ", 1)[0];
    const known = identity ?? user;
    if (known !== undefined) return this.#limit.take(String(known), true, now);
    return remote === undefined ? 0 : this.#limit.take(hostOf(String(remote)), false, now);
  }
}

function hostOf(remote: string): string {
  return remote.slice(0, remote.lastIndexOf(":"));
}
