import type { Millis } from "../shared/clock.ts";
import type { Alert, Backend as BackendRow, Breaker as BreakerRow } from "../shared/control/snapshot.ts";
import { BackendActions, type BackendActionsParts } from "./backend-actions.ts";
import { backendAlerts, breakerAlerts } from "./backend-alerts.ts";
import { BackendBook, type BackendBookParts } from "./backend-book.ts";
import { BackendCalls } from "./backend-calls.ts";
import { type BackendSettings, type Entry, rowOf, type Usage, viewOf } from "./backend-entry.ts";
import { BackendProbes } from "./backend-probes.ts";
import type { Balancer } from "./balance/balancer.ts";
import { type Backend, eligible } from "./balance/eligible.ts";
import { averageAfter, decayed, peakAfter } from "./balance/rtt.ts";
import type { Candidate } from "./balance/strategy.ts";
import { loadHint, medianRtt, slowStart, stepFactor, targetFactor } from "./balance/weights.ts";
import type { Rules } from "./breaker/rules.ts";
import type { ActionResult, BackendAction } from "./control/backend.ts";
import { type CheckRules, recoveredAt } from "./health/check-state.ts";
import type { AttemptPermit } from "./pool/connector.ts";
import type { CallOutcome } from "./pool/outcome.ts";

/** Which backend to try next, and the right to do so. */
export type BackendChoice<S> =
  | { readonly kind: "chosen"; readonly endpoint: S; readonly permit: AttemptPermit }
  | { readonly kind: "none"; readonly retryIn: Millis; readonly reason: string };

export interface BackendsParts<S extends BackendSettings> extends BackendBookParts, BackendActionsParts {
  readonly balancer: Balancer;
  /** Unsigned 32-bit hash of what is placed: the client's identity; 0 where the data thread chooses. */
  readonly flow: number;
  readonly checkRules: () => CheckRules & { readonly interval: Millis };
  /** Carries out a check; `probed` is told how it went. */
  probe(endpoint: S): void;
}

/** A backend for the data thread, which chooses among them. */
export interface JudgedBackend<S> extends Backend {
  readonly settings: S;
  /** Its breaker lets new connections through. */
  readonly admits: boolean;
  /** Peak estimate of its round trip as of now. */
  readonly roundTrip: Millis | undefined;
}

/**
 * The servers that a client may use, or the endpoints of a published service: health, breaker, weight and admin state of
 * each, and the choice among them.
 */
export class Backends<S extends BackendSettings> {
  readonly #parts: BackendsParts<S>;
  readonly #book: BackendBook<S>;
  readonly #calls: BackendCalls<S>;
  readonly #probes: BackendProbes<S>;
  readonly #actions: BackendActions<S>;

  constructor(settings: readonly S[], parts: BackendsParts<S>) {
    this.#parts = parts;
    this.#book = new BackendBook(settings, parts);
    this.#calls = new BackendCalls(this.#book);
    this.#probes = new BackendProbes(this.#book, {
      clock: parts.clock,
      random: parts.random,
      always: parts.service !== undefined,
      interval: () => parts.checkRules().interval,
      probe: (endpoint) => parts.probe(endpoint),
    });
    this.#actions = new BackendActions(this.#book, parts);
  }

  /** Takes other settings: a backend of the same name and address keeps what is known of it. */
  update(settings: readonly S[]): void {
    this.#book.update(settings);
  }

  /** How the data thread is to see each. A half-open breaker lets only checks through. */
  judged(): JudgedBackend<S>[] {
    const now = this.#parts.clock.now();
    return this.#book.entries.map((entry) => ({
      ...viewOf(entry, now),
      settings: entry.settings,
      admits: entry.breaker.admits() && entry.breaker.view().state !== "half-open",
      roundTrip: entry.peak === undefined ? undefined : decayed(entry.peak, now),
    }));
  }

  /** A call that the data thread made went well, or failed of `cause`. */
  called(name: string, took: Millis, failure: { kind: "remote" | "local"; cause: string } | undefined): void {
    const entry = this.#book.get(name);
    if (entry !== undefined) this.#calls.made(entry, took, failure);
  }

  /** Which server to try next: `keep` while it is healthy, else one by the balancer; `avoid` failed just now. */
  choose(avoid: string | undefined, keep: string | undefined): BackendChoice<S> {
    this.#book.tellWhoIsAlone();
    const entry = this.#pick(avoid, keep);
    const permit = entry && this.#calls.attempt(entry);
    if (entry === undefined || permit === undefined) return this.#none();
    return { kind: "chosen", endpoint: entry.settings, permit };
  }

  /** The right to try this server and no other; undefined while it is none of the takers. The rotation stands still. */
  acquire(name: string): AttemptPermit | undefined {
    const entry = this.#book.get(name);
    if (entry === undefined || !this.takers().some((taker) => taker.name === name)) return undefined;
    return this.#calls.attempt(entry);
  }

  /** The right to one more link of the session to its server; undefined while its breaker or an operator forbids it. */
  acquireExtra(name: string): AttemptPermit | undefined {
    const entry = this.#book.get(name);
    return entry && this.#calls.extra(entry);
  }

  /** Whether a server other than `name` would be tried now. */
  hasAlternative(name: string): boolean {
    return this.#book.hasOther(name);
  }

  /** A session ended `lived` after it came up: within 30 s that counts as a failed call. */
  sessionEnded(name: string, outcome: CallOutcome, lived: Millis): void {
    const entry = this.#book.get(name);
    if (entry !== undefined) this.#calls.sessionEnded(entry, outcome, lived);
  }

  /** A link to the server broke. */
  linkDied(name: string, cause: string): void {
    const entry = this.#book.get(name);
    if (entry === undefined) return;
    entry.lastError = cause;
    this.#book.checked(entry, { kind: "failed", cause: cause === "write_stalled" ? "write_stall" : "link_death" });
  }

  /** The server asks to be left. */
  leaving(name: string): void {
    const entry = this.#book.get(name);
    if (entry !== undefined) this.#book.checked(entry, { kind: "stopping" });
  }

  /** A link to the server lives; `rtt` is its last round trip. */
  alive(name: string, rtt: Millis | undefined, sessions: number | undefined): void {
    const entry = this.#book.get(name);
    if (entry === undefined) return;
    if (entry.check.kind !== "stopping") this.#book.checked(entry, { kind: "passed" });
    if (sessions !== undefined) entry.sessions = sessions;
    if (rtt !== undefined) this.measured(name, rtt);
  }

  /** A round trip was measured. */
  measured(name: string, rtt: Millis): void {
    const entry = this.#book.get(name);
    if (entry === undefined) return;
    entry.peak = peakAfter(entry.peak, rtt, this.#parts.clock.now());
    entry.average = averageAfter(entry.average, rtt);
  }

  /** Who may take new flows now, where they are spread over servers. */
  takers(): (Backend & Candidate)[] {
    const found = eligible(this.#book.views(), { admits: this.#book.admits, flow: this.#parts.flow });
    return found.kind === "none" ? [] : [...found.backends];
  }

  /** Whether a server's links are to go: it is drained, or about to stop. */
  isLeft(name: string): boolean {
    const entry = this.#book.get(name);
    return entry !== undefined && (entry.admin === "drain" || entry.check.kind === "stopping");
  }

  /** What a server says about itself; `load` in percent of a core. */
  hinted(name: string, hint: { readonly load: number; readonly sessions: number; readonly draining: boolean }): void {
    const entry = this.#book.get(name);
    if (entry === undefined) return;
    entry.sessions = hint.sessions;
    entry.loadHint = loadHint(hint.load);
    // On a link that it asked to be left on, what it says later holds.
    const stopping = entry.check.kind === "stopping";
    if (hint.draining !== stopping) this.#book.checked(entry, { kind: stopping ? "passed" : "stopping" });
  }

  /** The answer of a check that `probe` began. */
  probed(name: string, outcome: "ok" | Exclude<CallOutcome, "cancelled">, cause: string): void {
    const entry = this.#book.get(name);
    if (entry !== undefined) this.#probes.probed(entry, outcome, cause);
  }

  /** Once a second. Probes those that are due; `current` is the server that the session is on. */
  checkHealth(current: string | undefined): void {
    this.#probes.begin(current);
  }

  /** `usage` tells what each carries. */
  adjustWeights(usage: (name: string) => Usage): void {
    const now = this.#parts.clock.now();
    const median = medianRtt(this.#book.entries.map(({ average }) => average));
    for (const entry of this.#book.entries) {
      entry.connections = usage(entry.settings.name).connections;
      const ramp = slowStart(recoveredAt(entry.check), now);
      const failureRate = entry.breaker.view().failure_rate / 100;
      const { average: rtt, loadHint } = entry;
      entry.factor = stepFactor(entry.factor, targetFactor({ rtt, failureRate, ramp, loadHint }, median), now);
    }
  }

  /** A breaker that guards the only one left opens for less long. */
  settleBreakers(): void {
    this.#book.tellWhoIsAlone();
  }

  /** A better server that the session on `current` should go back to by itself. */
  failBack(current: string, takeoverKeepsFlows: boolean): string | undefined {
    const entry = this.#book.get(current);
    if (entry === undefined) return undefined;
    const options = { admits: this.#book.admits, flow: this.#parts.flow, takeoverKeepsFlows };
    return this.#parts.balancer.failBack(viewOf(entry, this.#parts.clock.now()), this.#book.views(), options)?.name;
  }

  /** Whether the session on `current` should move, and could: it is drained, or its server is about to stop. */
  shouldLeave(current: string, takeoverKeepsFlows: boolean): boolean {
    const entry = this.#book.get(current);
    if (entry === undefined || !this.#book.hasOther(current)) return false;
    return entry.check.kind === "stopping" || (entry.admin !== "ready" && takeoverKeepsFlows);
  }

  rows(usage: (name: string) => Usage): BackendRow[] {
    const { clock, checkRules, service } = this.#parts;
    const rules = { fall: checkRules().fall, service };
    return this.#book.entries.map((entry) => rowOf(entry, usage(entry.settings.name), rules, clock.now()));
  }

  backendAlerts(): Alert[] {
    return backendAlerts(this.#book.entries);
  }

  breakerAlerts(): Alert[] {
    return breakerAlerts(this.breakerRows());
  }

  breakerRows(): BreakerRow[] {
    return this.#book.entries.map(({ settings, breaker }) => {
      return { name: settings.name, ...breaker.view() };
    });
  }

  /** What an operator does to one server; undefined when there is none of that name. */
  act(
    action: BackendAction,
    options: { readonly dryRun: boolean; readonly acceptRisk: boolean },
    usage: (name: string) => Usage,
  ): ActionResult | undefined {
    return this.#actions.act(action, options, usage);
  }

  stop(): void {
    this.#book.stop();
  }

  /** Settings were reloaded. */
  useBreakerRules(rules: Rules): void {
    this.#book.useBreakerRules(rules);
  }

  #pick(avoid: string | undefined, keep: string | undefined): Entry<S> | undefined {
    if (keep !== undefined && this.#book.healthy().includes(keep)) return this.#book.get(keep);
    const { balancer, flow } = this.#parts;
    const choice = balancer.choose(this.#book.views(), { admits: this.#book.admits, flow, avoid });
    return choice.kind === "chosen" ? this.#book.get(choice.backend.name) : undefined;
  }

  #none(): BackendChoice<S> {
    const waits = this.#book.entries
      .filter(({ admin }) => admin === "ready")
      .map(({ breaker }) => breaker.view().retry_in_ms)
      .filter((wait) => wait !== null);
    return { kind: "none", retryIn: Math.max(50, Math.min(1000, ...waits)), reason: "no server may be used now" };
  }
}
