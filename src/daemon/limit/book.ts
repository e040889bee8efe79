import type { Clock, Millis, Timer } from "../../shared/clock.ts";
import type { Bucket } from "../../shared/control/snapshot.ts";
import { type AdjustRules, adjusted } from "./adjust.ts";
import type { Limit } from "./limit.ts";
import { type BucketOwner, bucketName, type Direction, directions, parseBucketName } from "./names.ts";
import { type LimitChange, type LimitRules, limitFor } from "./rules.ts";

/** What a bucket's figures are right now; totals only grow. */
export interface BucketFigures {
  readonly tokens: number;
  readonly taken: number;
  readonly dropped: number;
  readonly waited_ms: number;
}

/** Who could be limited: those that are connected, and those that the settings name. Lists are made when asked for. */
export interface Owners {
  readonly sessionCount: number;
  readonly sessions: readonly string[];
  readonly identities: readonly string[];
  readonly services: readonly string[];
}

/** What an operator set. */
interface Pinned {
  /** Undefined: unlimited. */
  readonly limit: Limit | undefined;
  readonly until: Millis | undefined;
  readonly timer: Timer | undefined;
}

interface Sample {
  readonly at: Millis;
  readonly taken: number;
  /** Part of the rate that was used, 0 to 1. */
  readonly used: number;
}

/** With more sessions than this, only buckets that limit are listed. */
const mostListed = 64;

/** Every rate limit as the control plane knows it: configured, adjusted, or set by an operator, whose value wins. */
export class LimitBook {
  readonly #clock: Clock;
  readonly #measured: () => Iterable<string>;
  readonly #figures: (name: string) => BucketFigures | undefined;
  readonly #configured: (rules: LimitRules) => void;
  readonly #changed: (changes: readonly LimitChange[]) => void;
  readonly #expired: (name: string) => void;
  readonly #pinned = new Map<string, Pinned>();
  readonly #adjusted = new Map<string, Limit>();
  readonly #samples = new Map<string, Sample>();
  #rules: LimitRules;
  #adjustedAt: Millis;

  constructor(parts: {
    clock: Clock;
    /** As configured. */
    rules: LimitRules;
    /** The buckets that have figures. */
    measured: () => Iterable<string>;
    /** Undefined for a bucket that nothing has passed yet. */
    figures: (name: string) => BucketFigures | undefined;
    /** Other limits hold from now on. */
    configured: (rules: LimitRules) => void;
    /** Some buckets have another limit from now on. */
    changed: (changes: readonly LimitChange[]) => void;
    /** An operator's limit has reached its end. */
    expired: (name: string) => void;
  }) {
    this.#clock = parts.clock;
    this.#rules = parts.rules;
    this.#measured = parts.measured;
    this.#figures = parts.figures;
    this.#configured = parts.configured;
    this.#changed = parts.changed;
    this.#expired = parts.expired;
    this.#adjustedAt = parts.clock.now();
  }

  /** Takes other configured limits; what operators set stays. */
  configure(rules: LimitRules): void {
    this.#rules = rules;
    this.#adjusted.clear();
    const pinned = [...this.#pinned].map(([name, { limit }]) => [name, limit] as const);
    this.#configured({ ...rules, set: new Map(pinned) });
  }

  /** The limit in effect; undefined: unlimited. */
  limit(name: string): Limit | undefined {
    const parsed = parseBucketName(name);
    if (parsed === undefined) return undefined;
    const pinned = this.#pinned.get(name);
    if (pinned !== undefined) return pinned.limit;
    return this.#adjusted.get(name) ?? limitFor(this.#rules, parsed.owner, parsed.direction);
  }

  /** Sets a limit by name, for a while or until it is given back. */
  set(name: string, limit: Limit | undefined, forMs: Millis | undefined): void {
    this.#pinned.get(name)?.timer?.cancel();
    const timer = forMs === undefined ? undefined : this.#clock.after(forMs, () => this.#expire(name));
    const until = forMs === undefined ? undefined : this.#clock.now() + forMs;
    this.#pinned.set(name, { limit, until, timer });
    this.#tell([name]);
  }

  /** Gives the limit back to the configuration. */
  giveBack(name: string): void {
    this.#pinned.get(name)?.timer?.cancel();
    if (this.#pinned.delete(name)) this.#tell([name]);
  }

  /** Whether there is somebody of this name whose bucket it would be. */
  knows(name: string, owners: Owners): boolean {
    const parsed = parseBucketName(name);
    if (parsed === undefined) return false;
    const { scope, id } = parsed.owner;
    if (scope === "global" || this.#pinned.has(name)) return true;
    return { session: owners.sessions, identity: owners.identities, service: owners.services }[scope].includes(id);
  }

  /** Once a second: measures how much of each limit is used, and forgets those whose owners are gone. */
  sample(owners: Owners): void {
    this.#forgetGone(owners);
    const measured = new Set(this.#measured());
    for (const name of this.#samples.keys()) if (!measured.has(name)) this.#samples.delete(name);
    for (const name of measured) this.#sample(name);
  }

  #forgetGone(owners: Owners): void {
    const ofSessions = [...this.#adjusted.keys(), ...this.#pinned.keys()].filter((name) => name.startsWith("session/"));
    if (ofSessions.length === 0) return;
    const there = new Set(owners.sessions);
    const gone = ofSessions.filter((name) => !there.has(parseBucketName(name)?.owner.id ?? ""));
    this.#tell(gone.filter((name) => this.#adjusted.delete(name)));
    for (const name of gone) this.giveBack(name);
  }

  /** Adjusts the limits of sessions to their paths; `slow` says whose path could not take what its limit let pass. */
  adjust(rules: AdjustRules | undefined, direction: Direction, slow: () => ReadonlyMap<string, boolean>): void {
    const base = this.#rules.session;
    const now = this.#clock.now();
    if (rules === undefined || base === undefined || now - this.#adjustedAt < rules.interval) return;
    this.#adjustedAt = now;
    const changed: string[] = [];
    for (const [id, isSlow] of slow()) {
      const name = bucketName({ scope: "session", id }, direction);
      const before = this.#adjusted.get(name) ?? base;
      const after = adjusted(before, base, rules, isSlow);
      if (after.perSecond === before.perSecond) continue;
      this.#adjusted.set(name, after);
      if (!this.#pinned.has(name)) changed.push(name);
    }
    this.#tell(changed);
  }

  /** The buckets as the console shows them, or the first `most` of them. */
  rows(owners: Owners, most?: number): Bucket[] {
    return this.#listed(owners)
      .slice(0, most)
      .map((name) => this.#row(name))
      .filter((row) => row !== undefined);
  }

  /** Number of the buckets that the console shows. */
  count(owners: Owners): number {
    return this.#listed(owners).length;
  }

  /** What could be limited; with many sessions only what is, and the daemon's own. What an operator set in any case. */
  #listed(owners: Owners): string[] {
    const names = this.#names(owners.sessionCount <= mostListed ? owners : this.#limited(owners));
    return this.#pinned.size === 0 ? names : [...new Set([...names, ...this.#pinned.keys()])];
  }

  #limited(owners: Owners): Owners {
    const { session, identities, services } = this.#rules;
    return {
      sessionCount: owners.sessionCount,
      sessions: session === undefined ? [] : owners.sessions,
      identities: [...identities.keys()],
      services: [...services.keys()],
    };
  }

  stop(): void {
    for (const { timer } of this.#pinned.values()) timer?.cancel();
  }

  #names({ sessions, identities, services }: Owners): string[] {
    const owners: BucketOwner[] = [
      { scope: "global", id: "" },
      ...identities.map((id) => ({ scope: "identity", id }) as const),
      ...services.map((id) => ({ scope: "service", id }) as const),
      ...sessions.map((id) => ({ scope: "session", id }) as const),
    ];
    return owners.flatMap((owner) => directions.map((direction) => bucketName(owner, direction)));
  }

  #row(name: string): Bucket | undefined {
    const parsed = parseBucketName(name);
    if (parsed === undefined) return undefined;
    const { owner, direction } = parsed;
    const limit = this.limit(name);
    const figures = limit === undefined ? undefined : this.#figures(name);
    const pinned = this.#pinned.get(name);
    const left = pinned?.until === undefined ? null : Math.max(0, pinned.until - this.#clock.now());
    return {
      name,
      scope: owner.scope === "session" ? "connection" : owner.scope,
      direction,
      rate: limit?.perSecond ?? null,
      burst: limit?.burst ?? null,
      unit: limit?.unit ?? "bytes",
      tokens: limit === undefined ? null : Math.round(figures?.tokens ?? limit.burst),
      utilisation: limit === undefined ? null : Math.round((this.#samples.get(name)?.used ?? 0) * 1000) / 10,
      waiting_ms: Math.round((figures?.waited_ms ?? 0) * 10) / 10,
      dropped: figures?.dropped ?? 0,
      pinned: pinned !== undefined,
      expires_seconds: left === null ? null : Math.round(left / 1000),
    };
  }

  #sample(name: string): void {
    const figures = this.#figures(name);
    const limit = this.limit(name);
    if (figures === undefined || limit === undefined) return void this.#samples.delete(name);
    const at = this.#clock.now();
    const last = this.#samples.get(name);
    const seconds = last === undefined ? 0 : (at - last.at) / 1000;
    const used = last === undefined || seconds <= 0 ? 0 : (figures.taken - last.taken) / seconds / limit.perSecond;
    this.#samples.set(name, { at, taken: figures.taken, used: Math.max(0, used) });
  }

  #expire(name: string): void {
    this.#pinned.delete(name);
    this.#tell([name]);
    this.#expired(name);
  }

  #tell(names: readonly string[]): void {
    if (names.length === 0) return;
    this.#changed(names.map((bucket) => ({ bucket, limit: this.#ownLimit(bucket) })));
  }

  /** Other than the configured one of its owner. */
  #ownLimit(name: string): LimitChange["limit"] {
    const pinned = this.#pinned.get(name);
    if (pinned !== undefined) return pinned.limit ?? "unlimited";
    return this.#adjusted.get(name) ?? "configured";
  }
}
