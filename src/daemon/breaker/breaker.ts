import type { Clock, Millis, Timer } from "../../shared/clock.ts";
import { admit, admits } from "./admit.ts";
import { type Circumstances, type Core, newCore, type Random } from "./core.ts";
import { dueAt, expire } from "./expire.ts";
import { changeRules, disable, forceOpen, reset } from "./operate.ts";
import type { Rules } from "./rules.ts";
import { type FailureKind, type Result, settle } from "./settle.ts";
import type { Cause, StateKind, Ticket } from "./state.ts";
import { type BreakerView, view } from "./view.ts";

/** The right to make one call, and the duty to say how it ended. Only the first word counts. */
export interface Permit {
  /** `took` decides whether the call was slow. */
  ok(took: Millis): void;
  /** `took` is told to onChange when the failure opens the breaker: refused at once, or timed out? */
  fail(kind: FailureKind, took: Millis): void;
  /** The call ended for a reason that says nothing about the backend (stop, kick, drain, superseded). */
  cancel(): void;
}

export type Acquired =
  | { readonly kind: "permit"; readonly permit: Permit }
  /** Ask again after so long at the earliest; undefined: only an operator ends it. */
  | { readonly kind: "rejected"; readonly retryAfterMs: Millis | undefined };

export interface Change {
  readonly from: StateKind;
  readonly to: StateKind;
  readonly cause: Cause;
  /** How long the call took whose result caused it; undefined when none did. */
  readonly took: Millis | undefined;
}

export interface BreakerParts {
  readonly clock: Clock;
  readonly random: Random;
  /** Told after each change of state, by the breaker's own timer too. */
  onChange(change: Change): void;
}

/** setTimeout takes no more. */
const longestTimer: Millis = 2 ** 31 - 1;

/**
 * Circuit breaker of one backend. It stops new calls (a connect attempt up to WELCOME, a probe, a session or flow) and
 * never touches what is established.
 */
export class Breaker {
  readonly #parts: BreakerParts;
  #rules: Rules;
  #core: Core;
  #timer: Timer | undefined;
  #stopped = false;
  /** Tickets whose result was taken. */
  readonly #settled = new WeakSet<Ticket>();

  constructor(parts: BreakerParts, rules: Rules) {
    this.#parts = parts;
    this.#rules = rules;
    this.#core = newCore(rules, parts.clock.now());
  }

  /** Asks for one call. */
  tryAcquire(): Acquired {
    const now = this.#catchUp();
    const admission = admit(this.#core, now);
    if (admission.kind === "rejected") return { kind: "rejected", retryAfterMs: admission.retryAfter };
    this.#move(admission.core);
    return { kind: "permit", permit: this.#permit(admission.ticket) };
  }

  /** Whether a call would be admitted now; takes nothing. */
  admits(): boolean {
    this.#catchUp();
    return admits(this.#core.state);
  }

  /** Follows a call that asks for no admission: a session that is up but young, a check. It takes no half-open permit. */
  follow(): Permit {
    this.#catchUp();
    return this.#permit({ generation: this.#core.generation, deadline: undefined });
  }

  /** `alone`: no other backend is eligible. An open breaker then lets probes through after 5 s at most. */
  setAlone(alone: boolean): void {
    this.#catchUp();
    this.#move({ ...this.#core, alone });
  }

  /** open-breaker: rejects, for `time` (then half-open) or until an operator ends it. */
  forceOpen(time?: Millis): void {
    const now = this.#catchUp();
    this.#move(forceOpen(this.#core, time, now));
  }

  /** close-breaker: admits and counts until an operator ends it. */
  disable(): void {
    const now = this.#catchUp();
    this.#move(disable(this.#core, now));
  }

  /** reset-breaker: closed, counters zero, automatic. */
  reset(): void {
    const now = this.#catchUp();
    this.#move(reset(this.#core, this.#rules, now));
  }

  /** Settings were reloaded. */
  setRules(rules: Rules): void {
    const now = this.#catchUp();
    const before = this.#rules;
    this.#rules = rules;
    this.#move(changeRules(this.#core, before, rules, now));
  }

  view(): BreakerView {
    const now = this.#catchUp();
    return view(this.#core, now);
  }

  /** The backend is gone: no timer is left and none comes. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #permit(ticket: Ticket): Permit {
    return {
      ok: (took) => this.#settle(ticket, { kind: "ok", took }, took),
      fail: (failure, took) => this.#settle(ticket, { kind: "failed", failure }, took),
      cancel: () => this.#settle(ticket, { kind: "cancelled" }, undefined),
    };
  }

  #settle(ticket: Ticket, result: Result, took: Millis | undefined): void {
    const now = this.#catchUp();
    if (this.#settled.has(ticket)) return;
    this.#settled.add(ticket);
    this.#move(settle(this.#core, ticket, result, this.#at(now)), took);
  }

  /** Makes every move that is due; returns the time up to which that was done. */
  #catchUp(): Millis {
    const now = this.#parts.clock.now();
    for (let due = dueAt(this.#core); due !== undefined && due <= now; due = dueAt(this.#core)) {
      const { core, hung } = expire(this.#core, this.#at(due));
      for (const ticket of hung) this.#settled.add(ticket);
      this.#move(core);
    }
    return now;
  }

  #at(now: Millis): Circumstances {
    return { rules: this.#rules, now, random: this.#parts.random };
  }

  #move(core: Core, took?: Millis): void {
    const moved = core.generation !== this.#core.generation;
    this.#core = core;
    this.#arm();
    const { entered, state } = core;
    if (moved && entered !== undefined && entered.from !== state.kind)
      this.#parts.onChange({ from: entered.from, to: state.kind, cause: entered.cause, took });
  }

  #arm(): void {
    this.#timer?.cancel();
    const due = dueAt(this.#core);
    if (this.#stopped || due === undefined) return;
    const delay = Math.max(0, Math.min(longestTimer, due - this.#parts.clock.now()));
    this.#timer = this.#parts.clock.after(delay, () => {
      this.#catchUp();
      // It may have rung early.
      this.#arm();
    });
  }
}
