import type { Clock, Millis } from "../shared/clock.ts";
import type { BackendBook } from "./backend-book.ts";
import type { BackendSettings, Entry } from "./backend-entry.ts";
import { nextProbeAt } from "./health/probe-schedule.ts";
import type { CallOutcome } from "./pool/outcome.ts";

/** Checks of a server that said that it leaves begin after this: its answers before that say nothing new. */
const stoppingHold: Millis = 30_000;

/** Between checks of a half-open breaker's backend. */
const halfOpenInterval: Millis = 1000;

interface BackendProbesParts<S extends BackendSettings> {
  readonly clock: Clock;
  readonly random: () => number;
  /** Whether each is checked, whatever is believed of it: endpoints of a service are. */
  readonly always: boolean;
  /** Between checks; a reload may change it. */
  readonly interval: () => Millis;
  /** Carries out a check; `probed` is told how it went. */
  probe(endpoint: S): void;
}

/** Active checks of backends. */
export class BackendProbes<S extends BackendSettings> {
  readonly #book: BackendBook<S>;
  readonly #parts: BackendProbesParts<S>;

  constructor(book: BackendBook<S>, parts: BackendProbesParts<S>) {
    this.#book = book;
    this.#parts = parts;
  }

  /** Begins those that are due; `current` is the server that the session is on. */
  begin(current: string | undefined): void {
    const now = this.#parts.clock.now();
    for (const entry of this.#book.entries) this.#beginIfDue(entry, now, current);
  }

  /** The answer to one that was begun. */
  probed(entry: Entry<S>, outcome: "ok" | Exclude<CallOutcome, "cancelled">, cause: string): void {
    if (entry.probe === undefined) return;
    const permit = entry.probe;
    entry.probe = undefined;
    const took = this.#parts.clock.now() - (entry.probedAt ?? 0);
    if (outcome === "ok") {
      permit.ok(took);
      this.#book.checked(entry, { kind: "passed" });
    } else {
      permit.fail(outcome, took);
      this.#book.failed(entry, outcome, "connect_failure", cause);
    }
  }

  #beginIfDue(entry: Entry<S>, now: Millis, current: string | undefined): void {
    const { settings, check, admin } = entry;
    if (check.kind === "stopping" && now - check.since < stoppingHold) return;
    // A server with a link is checked by its link.
    if (admin === "maint" || entry.probe !== undefined || settings.name === current) return;
    if (!this.#wanted(entry, current)) return;
    const halfOpen = entry.breaker.view().state === "half-open";
    const interval = this.#parts.interval();
    const pace = { interval: halfOpen ? Math.min(halfOpenInterval, interval) : interval, stretch: 1 };
    if (now < nextProbeAt(check, entry.probedAt, now, pace, this.#parts.random())) return;
    const acquired = entry.breaker.tryAcquire();
    if (acquired.kind === "rejected") return;
    entry.probe = acquired.permit;
    entry.probedAt = now;
    this.#parts.probe(settings);
  }

  /** One that is believed up and not preferred costs nothing; otherwise what is believed of it is in doubt. */
  #wanted(entry: Entry<S>, current: string | undefined): boolean {
    const { check, breaker } = entry;
    return (
      this.#parts.always ||
      check.kind === "down" ||
      check.kind === "stopping" ||
      check.failures > 0 ||
      breaker.view().state === "half-open" ||
      this.#isPreferred(entry, current)
    );
  }

  /** A session may go back to a server of a better priority, once that has passed its checks. */
  #isPreferred(entry: Entry<S>, current: string | undefined): boolean {
    const used = current === undefined ? undefined : this.#book.get(current);
    return used !== undefined && entry.settings.priority < used.settings.priority && entry.check.kind !== "up";
  }
}
