import type { Clock, Millis } from "../shared/clock.ts";
import type { MoveFacts } from "../shared/control/protocol.ts";
import type { Alert, Backend as BackendRow, Breaker as BreakerRow } from "../shared/control/snapshot.ts";
import {
  type BackendSettings,
  describe,
  effect,
  type Entry,
  type Fate,
  newEntry,
  rowOf,
  type Usage,
  viewOf,
} from "./backend-entry.ts";
import { Balancer } from "./balance/balancer.ts";
import { type AdminState, type Backend, eligible, exclusion } from "./balance/eligible.ts";
import { averageAfter, decayed, peakAfter } from "./balance/rtt.ts";
import type { Candidate } from "./balance/strategy.ts";
import { loadHint, medianRtt, recoveredFactor, slowStart, stepFactor, targetFactor } from "./balance/weights.ts";
import { Breaker, type Change, type Permit } from "./breaker/breaker.ts";
import type { Rules } from "./breaker/rules.ts";
import type { BreakerView } from "./breaker/view.ts";
import type { ActionResult, BackendAction } from "./control/backend.ts";
import {
  type CheckEvent,
  type CheckRules,
  type CheckState,
  checksStart,
  checkStep,
  type FailureCause,
  recoveredAt,
} from "./health/check-state.ts";
import { nextProbeAt } from "./health/probe-schedule.ts";
import type { AttemptPermit } from "./pool/connector.ts";
import type { CallOutcome } from "./pool/outcome.ts";

/** A session that ends sooner is a failed call. */
const earlyDeath: Millis = 30_000;

/** Checks of a server that said that it leaves begin after this: its answers before that say nothing new. */
const stoppingHold: Millis = 30_000;

/** Between checks of a half-open breaker's backend. */
const halfOpenInterval: Millis = 1000;

/** Which backend to try next, and the right to do so. */
export type BackendChoice<S> =
  | { readonly kind: "chosen"; readonly endpoint: S; readonly permit: AttemptPermit }
  | { readonly kind: "none"; readonly retryIn: Millis; readonly reason: string };

export interface BackendsParts<S extends BackendSettings> {
  /** The published service whose endpoints these are; undefined for a client's servers. */
  readonly service: string | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly balancer: Balancer;
  /** Unsigned 32-bit hash of what is placed: the client's identity; 0 where the data thread chooses. */
  readonly flow: number;
  /** Until `useBreakerRules`. */
  readonly breakerRules: Rules;
  /** A reload may change them. */
  readonly checkRules: () => CheckRules & { readonly interval: Millis };
  /** Carries out a check; `probed` is told how it went. */
  probe(endpoint: S): void;
  breakerChanged(name: string, change: Change, view: BreakerView): void;
  healthChanged(name: string, from: CheckState["kind"], to: CheckState["kind"], cause: string | undefined): void;
  /** Whether what is connected can be moved without breaking it. */
  keepsFlows(): boolean;
  /** The admin state of a backend changed. */
  adminChanged(name: string, admin: AdminState): void;
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
  #entries: readonly Entry<S>[];
  #breakerRules: Rules;

  constructor(settings: readonly S[], parts: BackendsParts<S>) {
    this.#parts = parts;
    this.#breakerRules = parts.breakerRules;
    this.#entries = settings.map((one) => this.#newEntry(one));
  }

  /** Takes other settings: a backend of the same name and address keeps what is known of it. */
  update(settings: readonly S[]): void {
    const before = this.#entries;
    this.#entries = settings.map((one) => {
      const known = before.find((entry) => isSame(entry.settings, one));
      if (known === undefined) return this.#newEntry(one);
      known.settings = one;
      return known;
    });
    for (const entry of before) if (!this.#entries.includes(entry)) retire(entry);
  }

  /** How the data thread is to see each. A half-open breaker lets only checks through. */
  judged(): JudgedBackend<S>[] {
    const now = this.#parts.clock.now();
    return this.#entries.map((entry) => ({
      ...viewOf(entry, now),
      settings: entry.settings,
      admits: entry.breaker.admits() && entry.breaker.view().state !== "half-open",
      roundTrip: entry.peak === undefined ? undefined : decayed(entry.peak, now),
    }));
  }

  /** A call that the data thread made went well, or failed of `cause`. */
  called(name: string, took: Millis, failure: { kind: "remote" | "local"; cause: string } | undefined): void {
    const entry = this.#entry(name);
    if (entry === undefined) return;
    const call = entry.breaker.follow();
    if (failure === undefined) {
      call.ok(took);
      this.#checked(entry, { kind: "passed" });
    } else {
      call.fail(failure.kind, took);
      this.#failed(entry, failure.kind, "connect_failure", failure.cause);
    }
  }

  /** Which server to try next: `keep` while it is healthy, else one by the balancer; `avoid` failed just now. */
  choose(avoid: string | undefined, keep: string | undefined): BackendChoice<S> {
    this.#tellWhoIsAlone();
    const entry = this.#pick(avoid, keep);
    const acquired = entry?.breaker.tryAcquire();
    if (entry === undefined || acquired?.kind !== "permit") return this.#none();
    return { kind: "chosen", endpoint: entry.settings, permit: this.#attempt(entry, acquired.permit) };
  }

  /** The right to try this server and no other; undefined while it is none of the takers. The rotation stands still. */
  acquire(name: string): AttemptPermit | undefined {
    const entry = this.#entry(name);
    if (entry === undefined || !this.takers().some((taker) => taker.name === name)) return undefined;
    const acquired = entry.breaker.tryAcquire();
    return acquired.kind === "permit" ? this.#attempt(entry, acquired.permit) : undefined;
  }

  /** The right to one more link of the session to its server; undefined while its breaker or an operator forbids it. */
  acquireExtra(name: string): AttemptPermit | undefined {
    const entry = this.#entry(name);
    if (entry === undefined || entry.admin !== "ready" || entry.check.kind === "stopping") return undefined;
    const acquired = entry.breaker.tryAcquire();
    if (acquired.kind === "rejected") return undefined;
    const { permit } = acquired;
    return {
      ok: (took) => permit.ok(took),
      fail: (kind, took, cause) => {
        permit.fail(kind, took);
        entry.lastError = cause;
      },
      cancel: () => permit.cancel(),
    };
  }

  /** Whether a server other than `name` would be tried now. */
  hasAlternative(name: string): boolean {
    return this.#others(name);
  }

  /** A session ended `lived` after it came up: within 30 s that counts as a failed call. */
  sessionEnded(name: string, outcome: CallOutcome, lived: Millis): void {
    const entry = this.#entry(name);
    if (entry === undefined) return;
    if (outcome !== "cancelled" && lived < earlyDeath) entry.young?.fail(outcome, lived);
    else entry.young?.cancel();
    entry.young = undefined;
  }

  /** A link to the server broke. */
  linkDied(name: string, cause: string): void {
    const entry = this.#entry(name);
    if (entry === undefined) return;
    entry.lastError = cause;
    this.#checked(entry, { kind: "failed", cause: cause === "write_stalled" ? "write_stall" : "link_death" });
  }

  /** The server asks to be left. */
  leaving(name: string): void {
    const entry = this.#entry(name);
    if (entry !== undefined) this.#checked(entry, { kind: "stopping" });
  }

  /** A link to the server lives; `rtt` is its last round trip. */
  alive(name: string, rtt: Millis | undefined, sessions: number | undefined): void {
    const entry = this.#entry(name);
    if (entry === undefined) return;
    if (entry.check.kind !== "stopping") this.#checked(entry, { kind: "passed" });
    if (sessions !== undefined) entry.sessions = sessions;
    if (rtt !== undefined) this.measured(name, rtt);
  }

  /** A round trip was measured. */
  measured(name: string, rtt: Millis): void {
    const entry = this.#entry(name);
    if (entry === undefined) return;
    entry.peak = peakAfter(entry.peak, rtt, this.#parts.clock.now());
    entry.average = averageAfter(entry.average, rtt);
  }

  /** Who may take new flows now, where they are spread over servers. */
  takers(): (Backend & Candidate)[] {
    const found = eligible(this.#views(), { admits: this.#admits, flow: this.#parts.flow });
    return found.kind === "none" ? [] : [...found.backends];
  }

  /** Whether a server's links are to go: it is drained, or about to stop. */
  isLeft(name: string): boolean {
    const entry = this.#entry(name);
    return entry !== undefined && (entry.admin === "drain" || entry.check.kind === "stopping");
  }

  /** What a server says about itself; `load` in percent of a core. */
  hinted(name: string, hint: { readonly load: number; readonly sessions: number; readonly draining: boolean }): void {
    const entry = this.#entry(name);
    if (entry === undefined) return;
    entry.sessions = hint.sessions;
    entry.loadHint = loadHint(hint.load);
    // On a link that it asked to be left on, what it says later holds.
    const stopping = entry.check.kind === "stopping";
    if (hint.draining !== stopping) this.#checked(entry, { kind: stopping ? "passed" : "stopping" });
  }

  /** The answer of a check that `probe` began. */
  probed(name: string, outcome: "ok" | Exclude<CallOutcome, "cancelled">, cause: string): void {
    const entry = this.#entry(name);
    if (entry?.probe === undefined) return;
    const permit = entry.probe;
    entry.probe = undefined;
    const took = this.#parts.clock.now() - (entry.probedAt ?? 0);
    if (outcome === "ok") {
      permit.ok(took);
      this.#checked(entry, { kind: "passed" });
    } else {
      permit.fail(outcome, took);
      this.#failed(entry, outcome, "connect_failure", cause);
    }
  }

  /** Once a second. Probes those that are due; `current` is the server that the session is on. */
  checkHealth(current: string | undefined): void {
    const now = this.#parts.clock.now();
    for (const entry of this.#entries) this.#probeIfDue(entry, now, current);
  }

  /** `usage` tells what each carries. */
  adjustWeights(usage: (name: string) => Usage): void {
    const now = this.#parts.clock.now();
    const median = medianRtt(this.#entries.map(({ average }) => average));
    for (const entry of this.#entries) {
      entry.connections = usage(entry.settings.name).connections;
      const ramp = slowStart(recoveredAt(entry.check), now);
      const failureRate = entry.breaker.view().failure_rate / 100;
      const { average: rtt, loadHint } = entry;
      entry.factor = stepFactor(entry.factor, targetFactor({ rtt, failureRate, ramp, loadHint }, median), now);
    }
  }

  /** A breaker that guards the only one left opens for less long. */
  settleBreakers(): void {
    this.#tellWhoIsAlone();
  }

  /** A better server that the session on `current` should go back to by itself. */
  failBack(current: string, takeoverKeepsFlows: boolean): string | undefined {
    const entry = this.#entry(current);
    if (entry === undefined) return undefined;
    const options = { admits: this.#admits, flow: this.#parts.flow, takeoverKeepsFlows };
    return this.#parts.balancer.failBack(viewOf(entry, this.#parts.clock.now()), this.#views(), options)?.name;
  }

  /** Whether the session on `current` should move, and could: it is drained, or its server is about to stop. */
  shouldLeave(current: string, takeoverKeepsFlows: boolean): boolean {
    const entry = this.#entry(current);
    if (entry === undefined || !this.#others(current)) return false;
    return entry.check.kind === "stopping" || (entry.admin !== "ready" && takeoverKeepsFlows);
  }

  rows(usage: (name: string) => Usage): BackendRow[] {
    const { clock, checkRules, service } = this.#parts;
    const rules = { fall: checkRules().fall, service };
    return this.#entries.map((entry) => rowOf(entry, usage(entry.settings.name), rules, clock.now()));
  }

  /** Backends that should serve and do not, or whose last calls and checks failed. */
  backendAlerts(): Alert[] {
    return this.#entries
      .filter(({ check, admin }) => admin !== "maint" && (check.kind === "down" || check.failures > 0))
      .map(({ settings, check, lastError }) => ({
        code: check.kind === "down" ? "backend_down" : "backend_failing",
        severity: "warning",
        message: `${settings.name} ${check.kind === "down" ? "is down" : "fails"}${lastError === undefined ? "" : `: ${lastError}`}`,
      }));
  }

  /** Breakers that let not everything through. */
  breakerAlerts(): Alert[] {
    return this.breakerRows()
      .filter(({ state }) => state === "open" || state === "half-open" || state === "forced-open")
      .map(({ name, state, cause }) => ({
        code: "breaker_open",
        severity: "warning",
        message: `breaker of ${name} is ${state}${cause === null ? "" : ` (${cause})`}`,
      }));
  }

  breakerRows(): BreakerRow[] {
    return this.#entries.map(({ settings, breaker }) => {
      return { name: settings.name, ...breaker.view() };
    });
  }

  /** What an operator does to one server; undefined when there is none of that name. */
  act(
    action: BackendAction,
    options: { readonly dryRun: boolean; readonly acceptRisk: boolean },
    usage: (name: string) => Usage,
  ): ActionResult | undefined {
    if (action.kind === "reset_breaker" && action.backend === undefined) {
      if (!options.dryRun) for (const { breaker } of this.#entries) breaker.reset();
      return this.#done(options.dryRun, "reset every breaker", "");
    }
    const entry = this.#entry(action.backend ?? "");
    if (entry === undefined) return undefined;
    const takes = this.#takesAway(action, entry);
    const left = this.#healthy().filter((name) => !takes || name !== entry.settings.name);
    const lastHealthy = takes && left.length === 0 && this.#healthy().includes(entry.settings.name);
    if (lastHealthy && !options.acceptRisk) {
      const message = `${entry.settings.name} is the last healthy backend: nothing would be left (--accept-risk does it all the same)`;
      return { kind: "refused", message };
    }
    const moved = usage(entry.settings.name);
    const fate = this.#fate(action);
    const moves = (action.kind === "drain" || action.kind === "maint") && fate !== "finish" && fate !== "stay";
    const facts: MoveFacts = {
      connections_moved: moves ? moved.connections : 0,
      bps_moved: moves ? moved.bps : 0,
      left,
      last_healthy: lastHealthy,
    };
    if (!options.dryRun) this.#carryOut(action, entry);
    return this.#done(
      options.dryRun,
      describe(action),
      entry.settings.name + (takes ? effect(facts, moved, fate) : ""),
      facts,
    );
  }

  stop(): void {
    for (const entry of this.#entries) retire(entry);
  }

  /** Settings were reloaded. */
  useBreakerRules(rules: Rules): void {
    this.#breakerRules = rules;
    for (const { breaker } of this.#entries) breaker.setRules(rules);
  }

  #newEntry(settings: S): Entry<S> {
    const { clock, random } = this.#parts;
    const onChange = (change: Change): void => this.#breakerChanged(settings.name, change);
    return newEntry(settings, new Breaker({ clock, random, onChange }, this.#breakerRules), clock.now());
  }

  #attempt(entry: Entry<S>, permit: Permit): AttemptPermit {
    return {
      ok: (took) => {
        permit.ok(took);
        entry.young = entry.breaker.follow();
        this.#checked(entry, { kind: "passed" });
      },
      fail: (kind, took, cause) => {
        permit.fail(kind, took);
        this.#failed(entry, kind, "connect_failure", cause);
      },
      cancel: () => permit.cancel(),
    };
  }

  #pick(avoid: string | undefined, keep: string | undefined): Entry<S> | undefined {
    if (keep !== undefined && this.#healthy().includes(keep)) return this.#entry(keep);
    const { balancer, flow } = this.#parts;
    const choice = balancer.choose(this.#views(), { admits: this.#admits, flow, avoid });
    return choice.kind === "chosen" ? this.#entry(choice.backend.name) : undefined;
  }

  #carryOut(action: BackendAction, entry: Entry<S>): void {
    switch (action.kind) {
      case "drain":
      case "maint":
      case "ready":
        return this.#setAdmin(entry, action.kind, action.kind === "drain" ? action.deadlineMs : undefined);
      case "set_weight":
        entry.pinned = action.weight === "auto" ? undefined : action.weight;
        return;
      case "reset_breaker":
        return entry.breaker.reset();
      case "open_breaker":
        return entry.breaker.forceOpen(action.forMs);
      case "close_breaker":
        return entry.breaker.disable();
    }
  }

  #setAdmin(entry: Entry<S>, admin: AdminState, deadline: Millis | undefined): void {
    const { clock } = this.#parts;
    entry.deadline?.cancel();
    entry.deadline =
      deadline === undefined ? undefined : clock.after(deadline, () => this.#setAdmin(entry, "maint", undefined));
    if (entry.admin === admin) return;
    // Nothing was checked meanwhile.
    if (entry.admin === "maint") entry.check = checksStart(clock.now());
    entry.admin = admin;
    entry.changedAt = clock.now();
    this.#parts.adminChanged(entry.settings.name, admin);
  }

  /** What is connected to a service's endpoint can't move, nor can a session whose takeover breaks flows: only maint ends it. */
  #fate(action: BackendAction): Fate {
    if (this.#parts.service === undefined)
      return action.kind === "drain" && !this.#parts.keepsFlows() ? "stay" : "move";
    if (action.kind === "maint") return "be reset";
    return action.kind === "drain" ? "finish" : "move";
  }

  /** Whether the action ends new traffic to a backend. */
  #takesAway(action: BackendAction, entry: Entry<S>): boolean {
    if (action.kind === "drain" || action.kind === "maint") return entry.admin === "ready";
    return action.kind === "open_breaker" || (action.kind === "set_weight" && action.weight === 0);
  }

  #healthy(): string[] {
    return this.#views()
      .filter((view) => exclusion(view, this.#admits) === undefined)
      .map(({ name }) => name);
  }

  #others(name: string): boolean {
    return this.#healthy().some((other) => other !== name);
  }

  #done(dryRun: boolean, what: string, name: string, facts: Record<string, unknown> = {}): ActionResult {
    return { kind: "done", message: `${dryRun ? "would " : ""}${what} ${name}`.trim(), facts };
  }

  #none(): BackendChoice<S> {
    const waits = this.#entries
      .filter(({ admin }) => admin === "ready")
      .map(({ breaker }) => breaker.view().retry_in_ms)
      .filter((wait) => wait !== null);
    return { kind: "none", retryIn: Math.max(50, Math.min(1000, ...waits)), reason: "no server may be used now" };
  }

  #probeIfDue(entry: Entry<S>, now: Millis, current: string | undefined): void {
    const { settings, check, admin } = entry;
    if (check.kind === "stopping" && now - check.since < stoppingHold) return;
    const { state } = entry.breaker.view();
    // A server with a link is checked by its link; one that is believed up and not preferred costs it nothing.
    const wanted =
      this.#parts.service !== undefined ||
      check.kind === "down" ||
      check.kind === "stopping" ||
      // What is believed of it is in doubt.
      check.failures > 0 ||
      state === "half-open" ||
      this.#isPreferred(entry, current);
    if (admin === "maint" || entry.probe !== undefined || settings.name === current || !wanted) return;
    const { interval } = this.#parts.checkRules();
    const pace = { interval: state === "half-open" ? Math.min(halfOpenInterval, interval) : interval, stretch: 1 };
    if (now < nextProbeAt(check, entry.probedAt, now, pace, this.#parts.random())) return;
    const acquired = entry.breaker.tryAcquire();
    if (acquired.kind === "rejected") return;
    entry.probe = acquired.permit;
    entry.probedAt = now;
    this.#parts.probe(settings);
  }

  /** A session may go back to a server of a better priority, once that has passed its checks. */
  #isPreferred(entry: Entry<S>, current: string | undefined): boolean {
    const used = current === undefined ? undefined : this.#entry(current);
    return used !== undefined && entry.settings.priority < used.settings.priority && entry.check.kind !== "up";
  }

  /** A breaker without alternative stays open for a few seconds only. */
  #tellWhoIsAlone(): void {
    for (const { breaker, settings } of this.#entries) breaker.setAlone(!this.#others(settings.name));
  }

  #failed(entry: Entry<S>, kind: Exclude<CallOutcome, "cancelled">, cause: FailureCause, text: string): void {
    entry.lastError = text;
    if (kind !== "local") this.#checked(entry, { kind: "failed", cause });
  }

  #checked(entry: Entry<S>, event: CheckEvent): void {
    const { clock, checkRules } = this.#parts;
    const before = entry.check;
    entry.check = checkStep(before, event, checkRules(), clock.now());
    if (before.kind === entry.check.kind) return;
    if (recoveredAt(entry.check) !== undefined) entry.factor = recoveredFactor(clock.now());
    this.#parts.healthChanged(entry.settings.name, before.kind, entry.check.kind, entry.lastError);
  }

  #breakerChanged(name: string, change: Change): void {
    const entry = this.#entry(name);
    if (entry !== undefined) this.#parts.breakerChanged(name, change, entry.breaker.view());
  }

  readonly #admits = ({ name }: { readonly name: string }): boolean => this.#entry(name)?.breaker.admits() ?? false;

  #entry(name: string): Entry<S> | undefined {
    return this.#entries.find(({ settings }) => settings.name === name);
  }

  #views(): (Backend & Candidate)[] {
    return this.#entries.map((entry) => viewOf(entry, this.#parts.clock.now()));
  }
}

function isSame(one: BackendSettings, other: BackendSettings): boolean {
  return one.name === other.name && one.address.host === other.address.host && one.address.port === other.address.port;
}

/** It is gone: nothing of it is left to happen. */
function retire({ deadline, breaker }: Entry<BackendSettings>): void {
  deadline?.cancel();
  breaker.stop();
}
