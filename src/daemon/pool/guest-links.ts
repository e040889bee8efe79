import type { Clock, Millis } from "../../shared/clock.ts";
import { backoff } from "./backoff.ts";
import type { AttemptPermit, Endpoint } from "./connector.ts";
import { callOutcome, type CallOutcome } from "./outcome.ts";

export interface GuestLinksParts {
  readonly clock: Clock;
  readonly random: () => number;
  /** The right to try a server; undefined while it may not be tried. */
  acquire(name: string): AttemptPermit | undefined;
  /** Resolves, pins and dials; the link's number. Throws what our own host refuses. */
  dial(endpoint: Endpoint): Promise<number>;
  close(link: number, text: string): void;
  retire(link: number): void;
  ended(name: string, outcome: CallOutcome, lived: Millis): void;
  failed(name: string, reason: string, text: string, retryIn: Millis): void;
}

interface Attempt {
  readonly permit: AttemptPermit;
  readonly since: Millis;
  readonly epoch: bigint;
  /** Undefined until the address is known. */
  link: number | undefined;
}

interface Guest {
  readonly name: string;
  up: { readonly link: number; readonly epoch: bigint; readonly since: Millis } | undefined;
  attempt: Attempt | undefined;
  notBefore: Millis;
  failures: number;
}

/** These won't be different a moment later. */
const refusals: ReadonlySet<string> = new Set([
  "peer_token_invalid",
  "peer_superseded",
  "peer_denied",
  "peer_server_full",
  "peer_version",
  "peer_not_here",
  "elsewhere",
]);
const refusedHold: Millis = 60_000;

/** The links of a session to the servers where it is a guest: one to each that may take flows, all at the same epoch. */
export class GuestLinks {
  readonly #parts: GuestLinksParts;
  readonly #guests = new Map<string, Guest>();

  constructor(parts: GuestLinksParts) {
    this.#parts = parts;
  }

  /** Links that are up, by the name of their server. */
  get links(): ReadonlyMap<string, number> {
    return new Map([...this.#guests.values()].flatMap(({ name, up }) => (up === undefined ? [] : [[name, up.link]])));
  }

  has(link: number): boolean {
    return this.#of(link) !== undefined;
  }

  /** Makes the links that are missing or of an older epoch. Meant for once a second while the session has a home. */
  reach(servers: readonly Endpoint[], epoch: bigint): void {
    const now = this.#parts.clock.now();
    for (const endpoint of servers) {
      const guest = this.#guest(endpoint.name);
      if (guest.attempt !== undefined || now < guest.notBefore || guest.up?.epoch === epoch) continue;
      const permit = this.#parts.acquire(endpoint.name);
      if (permit !== undefined) void this.#begin(guest, { permit, since: now, epoch, link: undefined }, endpoint);
    }
  }

  /** Makes a link in the place of this one. */
  replace(link: number): void {
    const guest = this.#of(link);
    if (guest?.up?.link === link) guest.up = { ...guest.up, epoch: -1n };
  }

  /** Gives the link to a server up, when what is under way has arrived. */
  leave(name: string): void {
    const guest = this.#guests.get(name);
    if (guest === undefined) return;
    this.#giveUp(guest);
    if (guest.up !== undefined) this.#retire(guest);
  }

  /** The WELCOME of a link that these dialled; `home`: it came from the server that has the session. */
  welcomed(link: number, home: boolean): boolean {
    const guest = this.#of(link);
    const attempt = guest?.attempt;
    if (guest === undefined || attempt?.link !== link) return guest !== undefined;
    if (home) {
      this.#parts.close(link, "it led to the server that has the session");
      this.ended(link, "elsewhere", "");
      return false;
    }
    const now = this.#parts.clock.now();
    attempt.permit.ok(now - attempt.since);
    guest.attempt = undefined;
    guest.failures = 0;
    if (guest.up !== undefined) this.#retire(guest);
    guest.up = { link, epoch: attempt.epoch, since: now };
    return true;
  }

  /** A link of these ended, up or not yet. */
  ended(link: number, reason: string, text: string): void {
    const guest = this.#of(link);
    if (guest === undefined) return;
    const now = this.#parts.clock.now();
    if (guest.attempt?.link === link) return this.#attemptFailed(guest, guest.attempt, reason, text);
    this.#parts.ended(guest.name, callOutcome(reason), now - (guest.up?.since ?? now));
    guest.up = undefined;
  }

  stop(): void {
    for (const guest of this.#guests.values()) this.#giveUp(guest);
  }

  async #begin(guest: Guest, attempt: Attempt, endpoint: Endpoint): Promise<void> {
    guest.attempt = attempt;
    try {
      const link = await this.#parts.dial(endpoint);
      if (guest.attempt === attempt) attempt.link = link;
      else this.#parts.close(link, "it is not needed any longer");
    } catch (error) {
      if (guest.attempt !== attempt) return;
      this.#attemptFailed(guest, attempt, "not_pinned", error instanceof Error ? error.message : String(error));
    }
  }

  #attemptFailed(guest: Guest, attempt: Attempt, reason: string, text: string): void {
    const now = this.#parts.clock.now();
    guest.attempt = undefined;
    const outcome = refusals.has(reason) ? "cancelled" : callOutcome(reason);
    if (outcome === "cancelled") attempt.permit.cancel();
    else attempt.permit.fail(outcome, now - attempt.since, reason);
    const delay = refusals.has(reason) ? refusedHold : backoff(guest.failures, this.#parts.random());
    guest.failures += 1;
    guest.notBefore = now + delay;
    this.#parts.failed(guest.name, reason, text, delay);
  }

  #giveUp(guest: Guest): void {
    const attempt = guest.attempt;
    guest.attempt = undefined;
    attempt?.permit.cancel();
    if (attempt?.link !== undefined) this.#parts.close(attempt.link, "it is not needed any longer");
  }

  #retire(guest: Guest): void {
    const up = guest.up;
    guest.up = undefined;
    if (up === undefined) return;
    this.#parts.ended(guest.name, "cancelled", this.#parts.clock.now() - up.since);
    this.#parts.retire(up.link);
  }

  #of(link: number): Guest | undefined {
    return [...this.#guests.values()].find(({ up, attempt }) => up?.link === link || attempt?.link === link);
  }

  #guest(name: string): Guest {
    const known = this.#guests.get(name);
    if (known !== undefined) return known;
    const guest: Guest = { name, up: undefined, attempt: undefined, notBefore: 0, failures: 0 };
    this.#guests.set(name, guest);
    return guest;
  }
}
