import type { Clock, Millis, Timer } from "../../shared/clock.ts";
import { backoff } from "./backoff.ts";
import type { RememberedSession, SessionMemory } from "./session-memory.ts";

export interface Endpoint {
  readonly name: string;
  readonly identity: string;
  readonly address: { readonly host: string; readonly port: number };
}

/** How to present ourselves to a server. */
export type Introduction =
  | { readonly intent: "new" }
  | { readonly intent: "join" | "takeover"; readonly session: string; readonly epoch: bigint; readonly token: string };

export type ConnectorState =
  | { readonly kind: "stopped" }
  | { readonly kind: "waiting"; readonly until: Millis; readonly lastError: string | undefined }
  | { readonly kind: "resolving"; readonly endpoint: Endpoint }
  | { readonly kind: "dialing"; readonly endpoint: Endpoint; readonly link: number }
  | { readonly kind: "up"; readonly endpoint: Endpoint; readonly link: number; readonly since: Millis };

export interface ConnectorParts {
  readonly endpoints: readonly Endpoint[];
  readonly clock: Clock;
  readonly random: () => number;
  readonly memory: SessionMemory;
  /** Outer addresses of a name, at least one; throws when it can't be resolved and never was. */
  resolve(host: string): Promise<readonly string[]>;
  /** Called before each dial with every address that has to stay reachable outside the tunnel. */
  pin(addresses: readonly string[]): Promise<void>;
  dial(link: number, endpoint: Endpoint, address: string, introduction: Introduction): void;
  /** The attempt failed before any link was there. */
  failed(endpoint: Endpoint, reason: string, text: string, retryIn: Millis): void;
}

/** A link that was up this long was no failure: the next attempt starts without back-off. */
const goodAfter: Millis = 5000;

/**
 * Keeps one link to one server up: resolves, dials, remembers the session, backs off. Joins its session after a link
 * was lost; takes it over when this process is new or the server no longer knows it.
 */
export class Connector {
  readonly #parts: ConnectorParts;
  readonly #addresses = new Map<string, readonly string[]>();
  #state: ConnectorState = { kind: "stopped" };
  #session: RememberedSession | undefined;
  /** Whether this process has had a link of the session: only then its epoch is certain. */
  #joined = false;
  #attempt = 0;
  #turn = 0;
  #nextLink = 1;
  #timer: Timer | undefined;
  #lastError: string | undefined;

  constructor(parts: ConnectorParts) {
    this.#parts = parts;
    this.#session = parts.memory.load();
  }

  get state(): ConnectorState {
    return this.#state;
  }

  start(): void {
    this.#retry(0);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#state = { kind: "stopped" };
  }

  /** Links, addresses or routes of the host changed: an attempt that waits begins now. */
  networkChanged(): void {
    if (this.#state.kind !== "waiting") return;
    this.#attempt = 0;
    this.#retry(0);
  }

  /** Every outer address known of the endpoints. */
  get outerAddresses(): string[] {
    return [...new Set([...this.#addresses.values()].flat())];
  }

  dialFailed(link: number, reason: string, text: string): void {
    if (this.#state.kind === "dialing" && this.#state.link === link) this.#fail(this.#state.endpoint, reason, text);
  }

  /** The link's WELCOME, or a newer one with a fresh token. */
  welcomed(link: number, session: RememberedSession): void {
    const state = this.#state;
    if ((state.kind !== "dialing" && state.kind !== "up") || state.link !== link) return;
    this.#session = session;
    this.#joined = true;
    this.#parts.memory.save(session);
    if (state.kind === "up") return;
    this.#lastError = undefined;
    this.#state = { kind: "up", endpoint: state.endpoint, link, since: this.#parts.clock.now() };
  }

  /** A link ended, up or not yet; `reason` is the close reason of this end or, with `peer_`, of the other. */
  closed(link: number, reason: string, text: string): void {
    const state = this.#state;
    if ((state.kind !== "dialing" && state.kind !== "up") || state.link !== link) return;
    if (reason === "peer_not_here" && this.#joined) {
      // The server lives but was restarted: say so at once, nothing is wrong with it.
      this.#joined = false;
      return this.#retry(0);
    }
    if (reason === "peer_token_invalid" || reason === "peer_superseded") this.#forget();
    if (state.kind === "up" && this.#parts.clock.now() - state.since >= goodAfter) this.#attempt = 0;
    this.#fail(state.endpoint, reason, text);
  }

  #forget(): void {
    this.#session = undefined;
    this.#joined = false;
    this.#parts.memory.save(undefined);
  }

  #fail(endpoint: Endpoint, reason: string, text: string): void {
    const delay = backoff(this.#attempt, this.#parts.random());
    this.#attempt += 1;
    this.#turn += 1;
    this.#lastError = text === "" ? reason : `${reason}: ${text}`;
    this.#parts.failed(endpoint, reason, text, delay);
    // Whoever was told may have stopped us.
    if (this.#state.kind !== "stopped") this.#retry(delay);
  }

  #retry(delay: Millis): void {
    this.#timer?.cancel();
    this.#state = { kind: "waiting", until: this.#parts.clock.now() + delay, lastError: this.#lastError };
    this.#timer = this.#parts.clock.after(delay, () => void this.#attemptNext());
  }

  async #attemptNext(): Promise<void> {
    const { endpoints } = this.#parts;
    const endpoint = endpoints[this.#turn % endpoints.length];
    if (endpoint === undefined) throw new Error("a client needs an endpoint");
    const resolving: ConnectorState = { kind: "resolving", endpoint };
    this.#state = resolving;
    let addresses: readonly string[];
    try {
      addresses = await this.#parts.resolve(endpoint.address.host);
      this.#addresses.set(endpoint.name, addresses);
      await this.#parts.pin(this.outerAddresses);
    } catch (error) {
      if (this.#state === resolving)
        this.#fail(endpoint, "unresolved", error instanceof Error ? error.message : String(error));
      return;
    }
    if (this.#state !== resolving) return;
    const round = Math.floor(this.#turn / endpoints.length);
    const address = addresses[round % addresses.length] as string;
    const link = this.#nextLink++;
    this.#state = { kind: "dialing", endpoint, link };
    this.#parts.dial(link, endpoint, address, this.#introduction());
  }

  #introduction(): Introduction {
    if (this.#session === undefined) return { intent: "new" };
    const { id, epoch, token } = this.#session;
    return this.#joined
      ? { intent: "join", session: id, epoch: BigInt(epoch), token }
      : { intent: "takeover", session: id, epoch: BigInt(epoch) + 1n, token };
  }
}
