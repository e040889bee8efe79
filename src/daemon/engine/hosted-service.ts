import type { Socket } from "node:net";
import { Balancer } from "../balance/balancer.ts";
import type { Backend } from "../balance/eligible.ts";
import { hashText } from "../balance/hash.ts";
import { makeStrategy } from "../balance/strategies.ts";
import type { Candidate } from "../balance/strategy.ts";
import { connectTo } from "../service/connect.ts";
import type { ServiceConnection } from "../service/connection.ts";
import { Gate, type Limiting } from "../service/gate.ts";
import { ServiceProxy, type Way } from "../service/proxy.ts";
import { WarmPool } from "../service/warm-pool.ts";
import { type Clock, systemClock } from "../../shared/clock.ts";
import { isAlive } from "../sys/socket.ts";
import type { PublishedEndpoint, PublishedService, ServiceCall, ServiceEvent } from "./service-messages.ts";

export interface HostedServiceParts {
  readonly keepAlive: boolean;
  nextId(): number;
  readonly ownerOf: (address: string) => string;
  emit(event: ServiceEvent): void;
  readonly clock?: Clock;
}

/** Rate limits of a service's directions; undefined: none. */
export interface ServiceLimits {
  readonly up: Limiting | undefined;
  readonly down: Limiting | undefined;
}

/** One published service on the data thread: its proxy, its balancer and its warm connections. */
export class HostedService {
  readonly proxy: ServiceProxy;
  readonly #parts: HostedServiceParts;
  readonly #clock: Clock;
  readonly #gates: { readonly up: Gate; readonly down: Gate };
  readonly #pools = new Map<string, WarmPool>();
  #spec: PublishedService;
  #balancer: Balancer;
  #views: readonly (Backend & Candidate)[] = [];
  #calls: ServiceCall[] = [];
  #agedAt: number;

  constructor(spec: PublishedService, parts: HostedServiceParts) {
    this.#spec = spec;
    this.#parts = parts;
    this.#clock = parts.clock ?? systemClock;
    this.#agedAt = this.#clock.now();
    this.#gates = { up: new Gate(() => this.#clock.now()), down: new Gate(() => this.#clock.now()) };
    this.#balancer = this.#newBalancer();
    this.proxy = new ServiceProxy(this.#rules(), {
      gates: this.#gates,
      now: () => this.#clock.now(),
      nextId: () => parts.nextId(),
      ownerOf: parts.ownerOf,
      choose: (connection) => this.#choose(connection),
      wayTo: (endpoint) => this.#wayTo(endpoint),
      called: (endpoint, took, failure) => this.#called({ endpoint, took, failure }),
      listening: (error) => parts.emit({ type: "service_listening", service: this.#spec.name, error }),
    });
    this.update(spec);
  }

  get warm(): number {
    return [...this.#pools.values()].reduce((sum, pool) => sum + pool.size, 0);
  }

  update(spec: PublishedService): void {
    const before = this.#spec;
    this.#spec = spec;
    if (before.strategy !== spec.strategy) this.#balancer = this.#newBalancer();
    this.#views = spec.endpoints.map((endpoint) => this.#view(endpoint));
    for (const [name, pool] of this.#pools) {
      const [now, was] = [spec, before].map(({ endpoints }) => endpoints.find((endpoint) => endpoint.name === name));
      if (now !== undefined && now.host === was?.host && now.port === was.port && takesWarm(now)) continue;
      pool.close();
      this.#pools.delete(name);
    }
    this.proxy.update(this.#rules());
  }

  /** Takes its rate limits, as they are now. */
  limitBy({ up, down }: ServiceLimits): void {
    this.#gates.up.limit = up;
    this.#gates.down.limit = down;
  }

  /** Once a second. */
  tick(): void {
    this.proxy.tick();
    const { warm, endpoints } = this.#spec;
    const now = this.#clock.now();
    const aging = now - this.#agedAt >= warm.sweepEvery;
    if (aging) this.#agedAt = now;
    for (const endpoint of endpoints) {
      if (!takesWarm(endpoint)) continue;
      const pool = this.#poolOf(endpoint);
      pool.sweep();
      if (aging) pool.age(warm);
      pool.refill(warm);
    }
  }

  /** Tells of the calls that ended since. */
  flush(): void {
    if (this.#calls.length === 0) return;
    const calls = this.#calls;
    this.#calls = [];
    this.#parts.emit({ type: "service_calls", service: this.#spec.name, calls });
  }

  close(): void {
    for (const pool of this.#pools.values()) pool.close();
    this.#pools.clear();
    this.proxy.close();
  }

  #rules(): ConstructorParameters<typeof ServiceProxy>[0] {
    const { listen, maxConnections } = this.#spec;
    return { listen, maxConnections, keepAlive: this.#parts.keepAlive };
  }

  #newBalancer(): Balancer {
    const parts = { clock: this.#clock, random: Math.random, start: undefined };
    return new Balancer(makeStrategy(this.#spec.strategy, parts));
  }

  #view({ rtt, ...endpoint }: PublishedEndpoint): Backend & Candidate {
    const { proxy } = this;
    return {
      ...endpoint,
      priority: 0,
      rejected: false,
      sessions: undefined,
      // As of the moment of the choice.
      get connections() {
        return proxy.connectionsOn(endpoint.name);
      },
      rtt: rtt === undefined ? undefined : { estimate: rtt, at: this.#clock.now() },
    };
  }

  #choose({ remote, tried }: ServiceConnection): string | undefined {
    // A client stays with its endpoint where the strategy hashes; elsewhere the hash only decides between equals.
    const flow = hashText(this.#spec.strategy === "rendezvous" ? remote.address : `${remote.address} ${remote.port}`);
    const views = this.#views.filter(({ name }) => !tried.has(name));
    const choice = this.#balancer.choose(views, { admits: ({ name }) => this.#endpoint(name)?.admits === true, flow });
    return choice.kind === "chosen" ? choice.backend.name : undefined;
  }

  #wayTo(name: string): Way | undefined {
    const endpoint = this.#endpoint(name);
    if (endpoint === undefined) return undefined;
    const socket = this.#takeWarm(endpoint);
    if (socket !== undefined) return { kind: "warm", socket };
    const options = { timeout: this.#spec.connectTimeout, keepAlive: this.#parts.keepAlive };
    return { kind: "connect", begin: (done) => connectTo(endpoint, options, done) };
  }

  /** One that was made ahead, and another in its place. */
  #takeWarm(endpoint: PublishedEndpoint): Socket | undefined {
    const pool = this.#pools.get(endpoint.name);
    const socket = pool?.take();
    if (socket !== undefined && takesWarm(endpoint)) pool?.refill(this.#spec.warm);
    return socket;
  }

  #poolOf(endpoint: PublishedEndpoint): WarmPool {
    const existing = this.#pools.get(endpoint.name);
    if (existing !== undefined) return existing;
    const options = { timeout: this.#spec.connectTimeout, keepAlive: this.#parts.keepAlive };
    const pool = new WarmPool({
      now: () => this.#clock.now(),
      alive: isAlive,
      connect: (done) =>
        connectTo(endpoint, options, (outcome) => {
          const failure = outcome.kind === "failed" ? outcome.reason : undefined;
          this.#called({ endpoint: endpoint.name, took: outcome.took, failure });
          done(outcome);
        }),
    });
    this.#pools.set(endpoint.name, pool);
    return pool;
  }

  /** A failure is told at once, behind what went well before it. */
  #called(call: ServiceCall): void {
    this.#calls.push(call);
    if (call.failure !== undefined) this.flush();
  }

  #endpoint(name: string): PublishedEndpoint | undefined {
    return this.#spec.endpoints.find((endpoint) => endpoint.name === name);
  }
}

/** Whether connections are made ahead: not to an endpoint that takes nothing new. */
function takesWarm({ admin, operational, admits, weight }: PublishedEndpoint): boolean {
  return admin === "ready" && operational === "up" && admits && weight > 0;
}
