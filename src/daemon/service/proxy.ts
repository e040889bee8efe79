import { createServer, type Server, type Socket } from "node:net";
import type { Millis } from "../../shared/clock.ts";
import { type ConnectOutcome, isLocalFault, keepAliveDelay, type Target } from "./connect.ts";
import { ServiceConnection } from "./connection.ts";
import type { Gates, RelayEnd } from "./relay.ts";
import { Tally } from "./tally.ts";

/** What a proxy goes by; a new one may come at any time. */
export interface ProxyRules {
  readonly listen: Target;
  /** Connections on endpoints at the same time; while several clients wait, no more than half of them of one. */
  readonly maxConnections: number;
  readonly keepAlive: boolean;
}

/** A way to an endpoint: a warm connection, or a connect that has begun. */
export type Way =
  | { readonly kind: "warm"; readonly socket: Socket }
  | { readonly kind: "connect"; begin(done: (outcome: ConnectOutcome) => void): () => void };

export interface ProxyParts {
  readonly gates: Gates;
  now(): Millis;
  /** Unique among the connections of all services. */
  nextId(): number;
  /** Whose an inner address is: an identity, or nobody's but its own. */
  readonly ownerOf: (address: string) => string;
  /** An endpoint that is not among `tried`; undefined when none takes connections. */
  choose(connection: ServiceConnection): string | undefined;
  wayTo(endpoint: string): Way | undefined;
  /** How a connect or a young connection went; `failure` undefined: well. */
  called(endpoint: string, took: Millis, failure: string | undefined): void;
  /** It listens (undefined), or why it can't. */
  listening(error: string | undefined): void;
}

export interface ProxyCounters {
  accepted: number;
  /** Reset for want of a place or of an endpoint. */
  refused: number;
  /** Connects to another endpoint after one failed. */
  retried: number;
  /** Connections that no endpoint took, or whose endpoint reset them. */
  failed: number;
  /** Bytes of connections that are over. */
  rx_bytes: number;
  tx_bytes: number;
}

/** Attempts for one connection, each on another endpoint, as HAProxy's `retries 3` with redispatch. */
const attempts = 3;
/** Connections that may wait for a place, as a listen backlog holds them; half as many of one client. */
const waitingRoom = 1024;
/** A connection that waited this long for a place is refused. */
const waitAtMost: Millis = 30_000;
/** A reset within this time, before the endpoint said anything, counts as a failed call. */
const earlyReset: Millis = 1000;

/** One published service: accepts on the inner address, finds an endpoint for each connection and relays. */
export class ServiceProxy {
  readonly counters: ProxyCounters = { accepted: 0, refused: 0, retried: 0, failed: 0, rx_bytes: 0, tx_bytes: 0 };
  readonly #parts: ProxyParts;
  readonly #connections = new Map<number, ServiceConnection>();
  readonly #waiting = new Set<ServiceConnection>();
  readonly #onEndpoint = new Tally();
  /** By their owners: those that have a place, and those that wait for one. */
  readonly #placesOf = new Tally();
  readonly #waitingOf = new Tally();
  #rules: ProxyRules;
  #server: Server | undefined;
  #bound: Target | undefined;
  #admitting = false;

  constructor(rules: ProxyRules, parts: ProxyParts) {
    this.#rules = rules;
    this.#parts = parts;
  }

  /** Connections that have an endpoint, or try one. */
  get active(): number {
    return this.#connections.size - this.#waiting.size;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** All of them, the oldest first. */
  get connections(): ReadonlyMap<number, ServiceConnection> {
    return this.#connections;
  }

  connectionsOn(endpoint: string): number {
    return this.#onEndpoint.of(endpoint);
  }

  /** Takes new rules, and listens where it does not yet; what is connected stays. */
  update(rules: ProxyRules): void {
    this.#rules = rules;
    const { host, port } = rules.listen;
    if (this.#bound?.host !== host || this.#bound.port !== port) this.#listen(rules.listen);
    this.#admit();
  }

  /** Refuses who waited too long. */
  tick(): void {
    const oldest = this.#parts.now() - waitAtMost;
    for (const connection of this.#waiting) if (connection.since < oldest) this.#refuse(connection);
  }

  /** Resets the connections on an endpoint. */
  cutEndpoint(endpoint: string): void {
    for (const connection of this.#connections.values()) if (connection.endpoint === endpoint) this.cut(connection);
  }

  cut(connection: ServiceConnection): void {
    const { endpoint } = connection;
    connection.cut();
    // A relay tells of its end when both sockets are closed.
    if (connection.state.kind === "over") this.#over(connection, endpoint);
  }

  close(): void {
    this.#server?.close();
    this.#bound = undefined;
    // First of all those that wait: the places that become free are for nobody.
    for (const connection of [...this.#waiting, ...this.#connections.values()]) this.cut(connection);
  }

  #listen(target: Target): void {
    this.#server?.close();
    this.#bound = target;
    const { keepAlive } = this.#rules;
    const options = { allowHalfOpen: true, pauseOnConnect: true, noDelay: true, keepAlive };
    const server = createServer({ ...options, keepAliveInitialDelay: keepAliveDelay }, (client) =>
      this.#accept(client),
    );
    this.#server = server;
    server.on("error", (error: NodeJS.ErrnoException) => {
      if (this.#server !== server) return;
      // One connection could not be taken, for want of descriptors; the next may be.
      if (error.syscall === "accept") return void (this.counters.refused += 1);
      // The next update tries again.
      this.#bound = undefined;
      this.#parts.listening(error.code ?? error.message);
    });
    server.listen({ ...target, backlog: waitingRoom }, () => {
      if (this.#server === server) this.#parts.listening(undefined);
    });
  }

  #accept(client: Socket): void {
    const connection = new ServiceConnection(this.#parts.nextId(), client, this.#parts.now(), this.#parts.ownerOf);
    this.counters.accepted += 1;
    this.#connections.set(connection.id, connection);
    this.#waiting.add(connection);
    const { owner } = connection;
    this.#waitingOf.add(owner, 1);
    if (this.#waiting.size > waitingRoom || this.#waitingOf.of(owner) > waitingRoom / 2) {
      return this.#refuse(connection);
    }
    this.#admit();
  }

  /** Lets those that wait in, as far as there are places. */
  #admit(): void {
    // One that is refused at once frees its place again: the loop that is under way sees it.
    if (this.#admitting) return;
    this.#admitting = true;
    while (this.active < this.#rules.maxConnections) {
      const connection = this.#next();
      if (connection === undefined) break;
      this.#leaveWaiting(connection);
      this.#placesOf.add(connection.owner, 1);
      this.#dispatch(connection);
    }
    this.#admitting = false;
  }

  /** The oldest that waits, of a client that has less than half of the places if there is one. */
  #next(): ServiceConnection | undefined {
    const [oldest] = this.#waiting;
    for (const connection of this.#waiting) {
      if (this.#placesOf.of(connection.owner) < this.#rules.maxConnections / 2) return connection;
    }
    return oldest;
  }

  /** Whether it waited. */
  #leaveWaiting(connection: ServiceConnection): boolean {
    const waited = this.#waiting.delete(connection);
    if (waited) this.#waitingOf.add(connection.owner, -1);
    return waited;
  }

  #dispatch(connection: ServiceConnection): void {
    const endpoint = this.#parts.choose(connection);
    const way = endpoint === undefined ? undefined : this.#parts.wayTo(endpoint);
    if (endpoint === undefined || way === undefined) return this.#noEndpoint(connection);
    this.#onEndpoint.add(endpoint, 1);
    if (way.kind === "warm") return this.#join(connection, endpoint, way.socket);
    const giveUp = way.begin((outcome) => {
      if (outcome.kind === "connected") {
        this.#parts.called(endpoint, outcome.took, undefined);
        return this.#join(connection, endpoint, outcome.socket);
      }
      this.#parts.called(endpoint, outcome.took, outcome.reason);
      this.#onEndpoint.add(endpoint, -1);
      connection.tried.add(endpoint);
      connection.state = { kind: "waiting" };
      // Our own limits are the same on every way.
      if (isLocalFault(outcome.reason) || connection.tried.size >= attempts) return this.#noEndpoint(connection);
      this.#dispatch(connection);
      if (connection.endpoint !== undefined) this.counters.retried += 1;
    });
    connection.connecting(endpoint, giveUp);
  }

  #join(connection: ServiceConnection, endpoint: string, socket: Socket): void {
    const begun = this.#parts.now();
    connection.join(endpoint, socket, this.#parts.gates, (end) =>
      this.#ended(connection, endpoint, socket, end, begun),
    );
  }

  #ended(connection: ServiceConnection, endpoint: string, socket: Socket, end: RelayEnd, begun: Millis): void {
    const lived = this.#parts.now() - begun;
    if (end === "endpoint_reset") {
      this.counters.failed += 1;
      if (socket.bytesRead === 0 && lived < earlyReset) this.#parts.called(endpoint, lived, "early_reset");
    }
    this.#over(connection, endpoint);
  }

  /** Nobody takes it: refused when none was to be had, failed when it was tried in vain. */
  #noEndpoint(connection: ServiceConnection): void {
    if (connection.tried.size === 0) return this.#refuse(connection);
    this.counters.failed += 1;
    this.cut(connection);
  }

  #refuse(connection: ServiceConnection): void {
    this.counters.refused += 1;
    this.cut(connection);
  }

  #over(connection: ServiceConnection, endpoint: string | undefined): void {
    if (!this.#connections.delete(connection.id)) return;
    this.counters.rx_bytes += connection.rxBytes;
    this.counters.tx_bytes += connection.txBytes;
    if (endpoint !== undefined) this.#onEndpoint.add(endpoint, -1);
    if (this.#leaveWaiting(connection)) return;
    this.#placesOf.add(connection.owner, -1);
    this.#admit();
  }
}
