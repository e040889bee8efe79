import type { Clock, Millis } from "../../shared/clock.ts";
import { backoff } from "./backoff.ts";
import type { AttemptPermit, Endpoint } from "./connector.ts";
import { callOutcome } from "./outcome.ts";

/** How many links a session has, as in the settings. */
export interface PoolSizes {
  readonly initial_size: number;
  readonly max_size: number;
  readonly idle_timeout: Millis;
  readonly cleanup_interval: Millis;
}

/** The server that the session is on. */
export interface Home {
  readonly endpoint: Endpoint;
  /** Where its first link went: a name may lead to several servers. */
  readonly address: string;
  /** Id and start of the server, as WELCOME told. */
  readonly server: string;
}

export interface ExtraLinksParts {
  readonly clock: Clock;
  readonly random: () => number;
  sizes(): PoolSizes;
  /** The right to one more link to the server; undefined while it may not be tried. */
  acquire(endpoint: Endpoint): AttemptPermit | undefined;
  /** Dials a link that joins the session; its number, or undefined when there is no session to join. */
  dial(home: Home): number | undefined;
  /** Gives an attempt up, or a link that led to another server. */
  close(link: number, text: string): void;
  retire(link: number): void;
  /** Bits a second that go over a link. */
  rate(link: number): number;
  /** An attempt failed; the next begins in `retryIn` at the earliest. */
  failed(home: Home, reason: string, text: string, retryIn: Millis): void;
}

interface Attempt {
  readonly link: number;
  readonly permit: AttemptPermit;
  readonly since: Millis;
  /** The link that it takes the place of. */
  readonly replaces: number | undefined;
}

/** A server that has no room, or an address with several servers behind it, is asked again after this. */
const refusedHold: Millis = 300_000;
/** Reports of more flows than links before one more is made: a moment's flows are gone before it is up. */
const reportsToGrow = 2;
/** A link that lived shorter was a failure of its own. */
const goodAfter: Millis = 5000;

/** They say nothing about the server's health, only that it takes no more links of this session. */
const noRoom: ReadonlySet<string> = new Set(["peer_server_full", "peer_not_here", "peer_denied", "elsewhere"]);

/**
 * The links of a session beside its first: as many as the settings want at once, more while flows ask for them, fewer
 * when they don't. One attempt at a time; growth on demand is one link a second.
 */
export class ExtraLinks {
  readonly #parts: ExtraLinksParts;
  /** Links that are up, and since when. */
  readonly #up = new Map<number, Millis>();
  /** Links that are to be replaced. */
  readonly #worn = new Set<number>();
  /** When at least as many flows as the index asked for links. */
  #askedAt: Millis[] = [];
  #home: Home | undefined;
  #attempt: Attempt | undefined;
  /** Links that the session has grown to by demand, the first included. */
  #grown = 1;
  #reports = 0;
  #notBefore: Millis = 0;
  #failures = 0;
  #sweptAt: Millis;

  constructor(parts: ExtraLinksParts) {
    this.#parts = parts;
    this.#sweptAt = parts.clock.now();
  }

  /** Links that are up. */
  get links(): readonly number[] {
    return [...this.#up.keys()];
  }

  /** The session's first link is up on a server, perhaps another one than before. */
  settle(home: Home): void {
    if (this.#home?.server !== home.server) this.#leave();
    this.#home = home;
    this.#next();
  }

  /** The session has no link. */
  unsettle(): void {
    this.#leave();
    this.#home = undefined;
  }

  /** A link of these takes the place of the session's first, which ended. */
  promote(): number | undefined {
    const link = this.#busiest();
    if (link !== undefined) this.#up.delete(link);
    return link;
  }

  /** `flows` flows move data. Meant for once a second. */
  demand(flows: number): void {
    const now = this.#parts.clock.now();
    const { max_size: most } = this.#parts.sizes();
    for (let count = 1; count <= Math.min(flows, most); count++) this.#askedAt[count] = now;
    const size = 1 + this.#up.size;
    this.#reports = flows > size ? this.#reports + 1 : 0;
    if (this.#reports >= reportsToGrow && size >= this.#wanted() && size < most) this.#grown = size + 1;
  }

  /** Once a second. */
  tick(): void {
    const now = this.#parts.clock.now();
    if (now - this.#sweptAt >= this.#parts.sizes().cleanup_interval) {
      this.#sweptAt = now;
      this.#sweep(now);
    }
    this.#next();
  }

  /** Makes a link in the place of one of these, then retires that one. */
  replace(link: number): void {
    if (this.#up.has(link)) this.#worn.add(link);
    this.#next();
  }

  /** Whether the link belongs to these, up or under way. */
  has(link: number): boolean {
    return this.#up.has(link) || this.#attempt?.link === link;
  }

  /** The WELCOME of a link that these dialled. False when it came from another server: the link is closed. */
  welcomed(link: number, server: string): boolean {
    const attempt = this.#attempt;
    if (attempt?.link !== link) return this.#up.has(link);
    if (server !== this.#home?.server) {
      this.#parts.close(link, "it led to another server");
      this.ended(link, "elsewhere", "");
      return false;
    }
    const now = this.#parts.clock.now();
    this.#attempt = undefined;
    this.#failures = 0;
    this.#up.set(link, now);
    attempt.permit.ok(now - attempt.since);
    if (attempt.replaces !== undefined && this.#up.has(attempt.replaces)) this.#retire(attempt.replaces);
    this.#next();
    return true;
  }

  /** A link of these ended, up or not yet. */
  ended(link: number, reason: string, text: string): void {
    const attempt = this.#attempt;
    const now = this.#parts.clock.now();
    if (attempt?.link === link) {
      this.#attempt = undefined;
      this.#told(attempt, reason, now);
      return this.#wait(reason, text);
    }
    const since = this.#up.get(link);
    if (since === undefined) return;
    this.#up.delete(link);
    this.#worn.delete(link);
    if (now - since < goodAfter) this.#wait(reason, text);
    this.#next();
  }

  stop(): void {
    this.#home = undefined;
    this.#attempt?.permit.cancel();
    this.#attempt = undefined;
  }

  /** How many links the session should have. */
  #wanted(): number {
    const { initial_size: least, max_size: most } = this.#parts.sizes();
    return Math.min(most, Math.max(least, this.#grown));
  }

  #next(): void {
    const home = this.#home;
    if (home === undefined || this.#attempt !== undefined || this.#parts.clock.now() < this.#notBefore) return;
    const [replaces] = this.#worn;
    if (replaces === undefined && 1 + this.#up.size >= this.#wanted()) return;
    const permit = this.#parts.acquire(home.endpoint);
    if (permit === undefined) return;
    const link = this.#parts.dial(home);
    if (link === undefined) return permit.cancel();
    this.#attempt = { link, permit, since: this.#parts.clock.now(), replaces };
  }

  #told({ permit, since }: Attempt, reason: string, now: Millis): void {
    const outcome = noRoom.has(reason) ? "cancelled" : callOutcome(reason);
    if (outcome === "cancelled") permit.cancel();
    else permit.fail(outcome, now - since, reason);
  }

  #wait(reason: string, text: string): void {
    const random = this.#parts.random();
    const delay = noRoom.has(reason) ? refusedHold * (0.9 + 0.2 * random) : backoff(this.#failures, random);
    this.#failures += 1;
    this.#notBefore = this.#parts.clock.now() + delay;
    if (this.#home !== undefined) this.#parts.failed(this.#home, reason, text, delay);
  }

  /** The session left its server: whatever links it has there are retired. */
  #leave(): void {
    const attempt = this.#attempt;
    this.#attempt = undefined;
    if (attempt !== undefined) {
      attempt.permit.cancel();
      this.#parts.close(attempt.link, "the session is elsewhere");
    }
    for (const link of this.links) this.#retire(link);
    this.#notBefore = 0;
    this.#failures = 0;
  }

  /** Links that nobody asked for within the idle time go, the ones with the least traffic first. */
  #sweep(now: Millis): void {
    const { initial_size: least, max_size: most, idle_timeout: idle } = this.#parts.sizes();
    while (this.#grown > least && now - (this.#askedAt[this.#grown] ?? 0) >= idle) this.#grown -= 1;
    this.#grown = Math.min(this.#grown, most);
    while (1 + this.#up.size > this.#wanted()) {
      const idlest = this.links.toSorted((one, other) => this.#parts.rate(one) - this.#parts.rate(other))[0];
      if (idlest === undefined) return;
      this.#retire(idlest);
    }
  }

  #busiest(): number | undefined {
    return this.links.toSorted((one, other) => this.#parts.rate(other) - this.#parts.rate(one))[0];
  }

  #retire(link: number): void {
    this.#up.delete(link);
    this.#worn.delete(link);
    this.#parts.retire(link);
  }
}
