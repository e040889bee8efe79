import type { Clock, Millis, Timer } from "../../shared/clock.ts";
import { backoff } from "./backoff.ts";
import { callOutcome, type CallOutcome } from "./outcome.ts";
import type { RememberedSession, SessionMemory } from "./session-memory.ts";

export interface Endpoint {
  readonly name: string;
  readonly identity: string;
  readonly address: { readonly host: string; readonly port: number };
}

/** How to present ourselves to a server. */
export type Introduction =
  | { readonly intent: "new" }
  | {
      readonly intent: "join" | "takeover" | "guest";
      readonly session: string;
      readonly epoch: bigint;
      readonly token: string;
    };

/** The right to one attempt; its outcome is told once. */
export interface AttemptPermit {
  ok(millis: Millis): void;
  fail(kind: Exclude<CallOutcome, "cancelled">, millis: Millis, cause: string): void;
  cancel(): void;
}

export type Choice =
  | { readonly kind: "chosen"; readonly endpoint: Endpoint; readonly permit: AttemptPermit }
  /** No server may be tried now. */
  | { readonly kind: "none"; readonly retryIn: Millis; readonly reason: string };

interface Up {
  readonly endpoint: Endpoint;
  /** Outer address of the server. */
  readonly address: string;
  readonly link: number;
  readonly since: Millis;
}

type Attempt =
  | { readonly kind: "idle" }
  | { readonly kind: "waiting"; readonly until: Millis; readonly timer: Timer }
  | { readonly kind: "resolving"; readonly endpoint: Endpoint; readonly permit: AttemptPermit }
  | {
      readonly kind: "dialing";
      readonly endpoint: Endpoint;
      readonly permit: AttemptPermit;
      readonly address: string;
      readonly link: number;
      readonly since: Millis;
    };

export interface ConnectorParts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly memory: SessionMemory;
  /** Which server to try; `avoid` has just failed or is to be left, `keep` is the one in use when only its link is to be replaced. */
  choose(avoid: string | undefined, keep: string | undefined): Choice;
  /** Whether a server other than this one could be tried now. */
  hasAlternative(endpoint: Endpoint): boolean;
  /** The link in use ended, `lived` after it came up. */
  ended(endpoint: Endpoint, outcome: CallOutcome, lived: Millis): void;
  /** Outer addresses of a name, at least one; throws when it can't be resolved and never was. */
  resolve(host: string): Promise<readonly string[]>;
  /** Called before each dial with every address that has to stay reachable outside the tunnel. */
  pin(addresses: readonly string[]): Promise<void>;
  /** A number for a link, unique among those of this run. */
  newLink(): number;
  dial(link: number, endpoint: Endpoint, address: string, introduction: Introduction): void;
  /** Another link has taken over: nothing more is sent on this one, and it ends when what is under way has arrived. */
  retire(link: number): void;
  /** The link in use ended: another link of the session to the same server that takes its place, if there is one. */
  successor(link: number): number | undefined;
  /** An attempt failed; the next begins in `retryIn`. */
  failed(endpoint: Endpoint, reason: string, text: string, retryIn: Millis): void;
}

/** A link that was up this long was no failure: the next attempt starts without back-off. */
const goodAfter: Millis = 5000;
/** A first attempt on another server waits at most this long, so that a fleet does not arrive in one instant. */
const otherServerJitter: Millis = 100;
const leaveJitter: Millis = 250;

/**
 * Keeps the client's one session on a server: chooses, resolves, dials, remembers the session, backs off. When it has to
 * leave a server that still works it makes the new link before it gives up the old. Further links of the session are
 * others' business (extra-links.ts); as long as one of them lives, the session needs nothing.
 */
export class Connector {
  readonly #parts: ConnectorParts;
  readonly #addresses = new Map<string, readonly string[]>();
  #up: Up | undefined;
  #attempt: Attempt = { kind: "idle" };
  #stopped = true;
  #session: RememberedSession | undefined;
  /** The endpoint whose server is known to have the session: only there it can be joined. */
  #joinedAt: string | undefined;
  #failures = 0;
  /** The server that failed last. */
  #avoid: string | undefined;
  /** A new link to the server in use is wanted. */
  #renew = false;
  #tries = new Map<string, number>();
  /** The session had several links since it came to its server, of which some may still look alive there. */
  #several = false;
  #lastError: string | undefined;

  constructor(parts: ConnectorParts) {
    this.#parts = parts;
    this.#session = parts.memory.load();
  }

  /** The server in use. */
  get current(): { readonly endpoint: Endpoint; readonly address: string; readonly link: number } | undefined {
    return this.#up;
  }

  /** Why there is no link, while there is none. */
  get lastError(): string | undefined {
    return this.#lastError;
  }

  /** Every outer address known of the endpoints. */
  get outerAddresses(): string[] {
    return [...new Set([...this.#addresses.values()].flat())];
  }

  start(): void {
    this.#stopped = false;
    this.#schedule(0);
  }

  stop(): void {
    this.#stopped = true;
    if (this.#attempt.kind === "waiting") this.#attempt.timer.cancel();
    if (this.#attempt.kind === "resolving" || this.#attempt.kind === "dialing") this.#attempt.permit.cancel();
    this.#attempt = { kind: "idle" };
  }

  /** Links, addresses or routes of the host changed, or a server may be tried again: an attempt that waits begins now. */
  hurry(): void {
    if (this.#attempt.kind !== "waiting") return;
    this.#failures = 0;
    this.#schedule(0);
  }

  /**
   * The link in use is to be replaced, for a better server or because its server asks: it stays until the new one is up.
   * `scope` link: a new link to the same server will do.
   */
  leave(scope: "link" | "server"): void {
    if (this.#up === undefined || this.#attempt.kind !== "idle" || this.#stopped) return;
    this.#renew = scope === "link";
    this.#schedule(this.#parts.random() * leaveJitter);
  }

  /** How one more link of the session presents itself; undefined while there is none to join. */
  joining(intent: "join" | "guest"): (Introduction & { readonly epoch: bigint }) | undefined {
    if (this.#up === undefined || this.#session === undefined) return undefined;
    const { id, epoch, token } = this.#session;
    return { intent, session: id, epoch: BigInt(epoch), token };
  }

  /** An address of a server, which can be reached outside the tunnel from now on; throws when that is impossible. */
  async reach(endpoint: Endpoint): Promise<string> {
    const addresses = await this.#parts.resolve(endpoint.address.host);
    this.#addresses.set(endpoint.name, addresses);
    await this.#parts.pin(this.outerAddresses);
    return addresses[0] as string;
  }

  /** The session has one more link. */
  joined(): void {
    this.#several = true;
  }

  /** The way of the link in use is gone: begins anew at once. Returns the link, which is to be closed. */
  abandon(): number | undefined {
    if (this.#up === undefined || this.#stopped) return undefined;
    const { endpoint, link, since } = this.#up;
    if (this.#succeed(this.#up)) return link;
    this.#lost();
    this.#lastError = "network_changed";
    this.#parts.ended(endpoint, "cancelled", this.#parts.clock.now() - since);
    if (this.#attempt.kind === "idle" || this.#attempt.kind === "waiting") this.#schedule(0);
    return link;
  }

  dialFailed(link: number, reason: string, text: string): void {
    if (this.#attempt.kind === "dialing" && this.#attempt.link === link)
      this.#attemptFailed(this.#attempt, reason, text);
  }

  /** The link's WELCOME, or a newer one with a fresh token. */
  welcomed(link: number, session: RememberedSession): void {
    const attempt = this.#attempt;
    const begun = attempt.kind === "dialing" && attempt.link === link;
    if (!begun && this.#up?.link !== link) return;
    this.#session = session;
    this.#parts.memory.save(session);
    if (!begun) return;
    const old = this.#up;
    const { endpoint, address, permit, since } = attempt;
    const now = this.#parts.clock.now();
    this.#up = { endpoint, address, link, since: now };
    if (old?.endpoint.name !== endpoint.name) this.#several = false;
    this.#attempt = { kind: "idle" };
    this.#joinedAt = endpoint.name;
    this.#lastError = undefined;
    this.#avoid = undefined;
    this.#renew = false;
    permit.ok(now - since);
    if (old === undefined) return;
    if (old.endpoint.name !== endpoint.name) this.#parts.ended(old.endpoint, "cancelled", now - old.since);
    this.#parts.retire(old.link);
  }

  /** A link ended, up or not yet; `reason` is the close reason of this end or, with `peer_`, of the other. */
  closed(link: number, reason: string, text: string): void {
    if (this.#attempt.kind === "dialing" && this.#attempt.link === link) {
      return this.#attemptFailed(this.#attempt, reason, text);
    }
    const up = this.#up;
    if (up?.link !== link || this.#succeed(up)) return;
    this.#lost();
    this.#lastError = described(reason, text);
    const lived = this.#parts.clock.now() - up.since;
    const outcome = callOutcome(reason);
    this.#avoid = outcome === "cancelled" ? undefined : up.endpoint.name;
    this.#parts.ended(up.endpoint, outcome, lived);
    if (lived >= goodAfter) this.#failures = 0;
    if (reason === "peer_superseded") this.#forget();
    if (this.#attempt.kind === "idle" || this.#attempt.kind === "waiting") this.#again(up.endpoint, reason, text);
  }

  /** Another link of the session goes on: nobody has to do anything. */
  #succeed(up: Up): boolean {
    const link = this.#stopped ? undefined : this.#parts.successor(up.link);
    if (link === undefined) return false;
    this.#up = { ...up, link };
    return true;
  }

  /** The last link is gone. The server may not know yet of all that are: a takeover ends them, one more join does not. */
  #lost(): void {
    this.#up = undefined;
    if (this.#several) this.#joinedAt = undefined;
  }

  #attemptFailed(attempt: Extract<Attempt, { kind: "dialing" }>, reason: string, text: string): void {
    const { endpoint, permit, since } = attempt;
    this.#attempt = { kind: "idle" };
    const millis = this.#parts.clock.now() - since;
    if (reason === "peer_not_here" && this.#joinedAt !== undefined) {
      // The server answers, so it lives; it only was restarted, or is another one behind the same address.
      permit.ok(millis);
      this.#joinedAt = undefined;
      return this.#schedule(0);
    }
    // While a link is up its server knows the session, whatever another says.
    const refused = reason === "peer_token_invalid" || reason === "peer_superseded";
    if (refused && this.#up === undefined) this.#forget();
    const outcome = callOutcome(reason);
    this.#avoid = outcome === "cancelled" ? undefined : endpoint.name;
    if (outcome === "cancelled") permit.cancel();
    else permit.fail(outcome, millis, reason);
    this.#again(endpoint, reason, text);
  }

  #forget(): void {
    this.#session = undefined;
    this.#joinedAt = undefined;
    this.#parts.memory.save(undefined);
  }

  /** Begins the next attempt after a fitting wait. */
  #again(endpoint: Endpoint, reason: string, text: string): void {
    if (this.#stopped) return;
    const elsewhere = this.#failures === 0 && this.#parts.hasAlternative(endpoint);
    const random = this.#parts.random();
    const delay = elsewhere ? random * otherServerJitter : backoff(this.#failures, random);
    this.#failures += 1;
    this.#lastError = described(reason, text);
    this.#parts.failed(endpoint, reason, text, delay);
    // Whoever was told may have stopped us.
    if (!this.#stopped) this.#schedule(delay);
  }

  #schedule(delay: Millis): void {
    if (this.#attempt.kind === "waiting") this.#attempt.timer.cancel();
    const { clock } = this.#parts;
    const timer = clock.after(delay, () => {
      this.#attempt = { kind: "idle" };
      void this.#begin();
    });
    this.#attempt = { kind: "waiting", until: clock.now() + delay, timer };
  }

  async #begin(): Promise<void> {
    const current = this.#up?.endpoint.name;
    // Whoever leaves a server wants any other first.
    const avoid = this.#avoid ?? (this.#renew ? undefined : current);
    const choice = this.#parts.choose(avoid, this.#renew ? current : undefined);
    if (choice.kind === "none") {
      // The link in use is better than none.
      if (this.#up !== undefined) return;
      this.#lastError ??= choice.reason;
      return this.#schedule(choice.retryIn);
    }
    const { endpoint, permit } = choice;
    if (this.#up?.endpoint.name === endpoint.name && !this.#renew) return permit.cancel();
    const resolving: Attempt = { kind: "resolving", endpoint, permit };
    this.#attempt = resolving;
    let addresses: readonly string[];
    let step = "unresolved";
    try {
      addresses = await this.#parts.resolve(endpoint.address.host);
      this.#addresses.set(endpoint.name, addresses);
      step = "not_pinned";
      await this.#parts.pin(this.outerAddresses);
    } catch (error) {
      if (this.#attempt !== resolving) return;
      this.#attempt = { kind: "idle" };
      this.#avoid = endpoint.name;
      // It says nothing about the server.
      permit.fail("local", 0, step);
      return this.#again(endpoint, step, error instanceof Error ? error.message : String(error));
    }
    if (this.#attempt !== resolving) return;
    this.#dial(endpoint, permit, addresses);
  }

  #dial(endpoint: Endpoint, permit: AttemptPermit, addresses: readonly string[]): void {
    const tried = this.#tries.get(endpoint.name) ?? 0;
    this.#tries.set(endpoint.name, tried + 1);
    const link = this.#parts.newLink();
    const since = this.#parts.clock.now();
    const address = addresses[tried % addresses.length] as string;
    this.#attempt = { kind: "dialing", endpoint, permit, address, link, since };
    this.#parts.dial(link, endpoint, address, this.#introduction(endpoint));
  }

  #introduction(endpoint: Endpoint): Introduction {
    if (this.#session === undefined) return { intent: "new" };
    const { id, epoch, token } = this.#session;
    return this.#joinedAt === endpoint.name
      ? { intent: "join", session: id, epoch: BigInt(epoch), token }
      : { intent: "takeover", session: id, epoch: BigInt(epoch) + 1n, token };
  }
}

function described(reason: string, text: string): string {
  return text === "" ? reason : `${reason}: ${text}`;
}
