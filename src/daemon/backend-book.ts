import type { Clock } from "../shared/clock.ts";
import { type BackendSettings, type Entry, newEntry, viewOf } from "./backend-entry.ts";
import { type Backend, exclusion } from "./balance/eligible.ts";
import type { Candidate } from "./balance/strategy.ts";
import { recoveredFactor } from "./balance/weights.ts";
import { Breaker, type Change } from "./breaker/breaker.ts";
import type { Rules } from "./breaker/rules.ts";
import type { BreakerView } from "./breaker/view.ts";
import {
  type CheckEvent,
  type CheckRules,
  type CheckState,
  checkStep,
  type FailureCause,
  recoveredAt,
} from "./health/check-state.ts";
import type { CallOutcome } from "./pool/outcome.ts";

export interface BackendBookParts {
  readonly clock: Clock;
  readonly random: () => number;
  /** Until `useBreakerRules`. */
  readonly breakerRules: Rules;
  /** A reload may change them. */
  readonly checkRules: () => CheckRules;
  breakerChanged(name: string, change: Change, view: BreakerView): void;
  healthChanged(name: string, from: CheckState["kind"], to: CheckState["kind"], cause: string | undefined): void;
}

/** What is known of each backend, and what follows for it from a check or a call. */
export class BackendBook<S extends BackendSettings> {
  readonly #parts: BackendBookParts;
  #entries: readonly Entry<S>[];
  #breakerRules: Rules;

  constructor(settings: readonly S[], parts: BackendBookParts) {
    this.#parts = parts;
    this.#breakerRules = parts.breakerRules;
    this.#entries = settings.map((one) => this.#newEntry(one));
  }

  get entries(): readonly Entry<S>[] {
    return this.#entries;
  }

  get(name: string): Entry<S> | undefined {
    return this.#entries.find(({ settings }) => settings.name === name);
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

  useBreakerRules(rules: Rules): void {
    this.#breakerRules = rules;
    for (const { breaker } of this.#entries) breaker.setRules(rules);
  }

  /** As the balancer sees them. */
  views(): (Backend & Candidate)[] {
    return this.#entries.map((entry) => viewOf(entry, this.#parts.clock.now()));
  }

  /** Whether the breaker of a backend lets calls through. */
  readonly admits = ({ name }: { readonly name: string }): boolean => this.get(name)?.breaker.admits() ?? false;

  /** Names of those that may take what is new. */
  healthy(): string[] {
    return this.views()
      .filter((view) => exclusion(view, this.admits) === undefined)
      .map(({ name }) => name);
  }

  /** Whether one other than `name` may. */
  hasOther(name: string): boolean {
    return this.healthy().some((other) => other !== name);
  }

  /** A breaker without alternative stays open for a few seconds only. */
  tellWhoIsAlone(): void {
    for (const { breaker, settings } of this.#entries) breaker.setAlone(!this.hasOther(settings.name));
  }

  checked(entry: Entry<S>, event: CheckEvent): void {
    const { clock, checkRules } = this.#parts;
    const before = entry.check;
    entry.check = checkStep(before, event, checkRules(), clock.now());
    if (before.kind === entry.check.kind) return;
    if (recoveredAt(entry.check) !== undefined) entry.factor = recoveredFactor(clock.now());
    this.#parts.healthChanged(entry.settings.name, before.kind, entry.check.kind, entry.lastError);
  }

  /** A call or check failed; our own faults say nothing of the backend. */
  failed(entry: Entry<S>, kind: Exclude<CallOutcome, "cancelled">, cause: FailureCause, text: string): void {
    entry.lastError = text;
    if (kind !== "local") this.checked(entry, { kind: "failed", cause });
  }

  stop(): void {
    for (const entry of this.#entries) retire(entry);
  }

  #newEntry(settings: S): Entry<S> {
    const { clock, random } = this.#parts;
    const onChange = (change: Change): void => this.#breakerChanged(settings.name, change);
    return newEntry(settings, new Breaker({ clock, random, onChange }, this.#breakerRules), clock.now());
  }

  #breakerChanged(name: string, change: Change): void {
    const entry = this.get(name);
    if (entry !== undefined) this.#parts.breakerChanged(name, change, entry.breaker.view());
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
