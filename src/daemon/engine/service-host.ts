import type { ServiceConnection } from "../service/connection.ts";
import { HostedService, type ServiceLimits } from "./hosted-service.ts";
import type {
  PublishedService,
  ServiceClient,
  ServiceConnectionFigures,
  ServiceEvent,
  ServiceFigures,
} from "./service-messages.ts";
import type { Team } from "./team.ts";

/** Rows of connections in a report; further ones are in the counts only. */
const reportedConnections = 200;
/** Ticks of the data thread, of 250 ms, from one report to the next. */
const ticksPerReport = 4;

/** Who knows the rate limits of services. */
export interface ServiceLimiter {
  ofService(name: string): ServiceLimits;
  forgetService(name: string): void;
}

interface ServiceHostParts {
  readonly keepAlive: boolean;
  readonly limits: ServiceLimiter;
  /** Who has an inner address; undefined: no session. */
  clientAt(address: string): ServiceClient | undefined;
  emit(event: ServiceEvent): void;
  /** Undefined: it is the only data thread. */
  readonly team: Pick<Team, "index" | "count"> | undefined;
}

/** The published services of one data thread. */
export class ServiceHost {
  readonly #parts: ServiceHostParts;
  readonly #services = new Map<string, HostedService>();
  #seq = 0;
  /** Connections are numbered so that no two threads have the same. */
  readonly #idStep: number;
  #lastId: number;
  #ticks = 0;

  constructor(parts: ServiceHostParts) {
    this.#parts = parts;
    const { index, count } = parts.team ?? { index: 0, count: 1 };
    this.#idStep = count;
    this.#lastId = index + 1 - count;
  }

  publish(seq: number, services: readonly PublishedService[]): void {
    this.#seq = seq;
    const names = new Set(services.map(({ name }) => name));
    for (const [name, hosted] of this.#services) {
      if (names.has(name)) continue;
      this.#services.delete(name);
      hosted.close();
      this.#parts.limits.forgetService(name);
    }
    for (const spec of services) {
      const hosted = this.#services.get(spec.name);
      if (hosted === undefined) this.#services.set(spec.name, this.#host(spec));
      else hosted.update(spec);
    }
    this.#report();
  }

  /** Rate limits have changed. */
  limit(): void {
    for (const [name, hosted] of this.#services) hosted.limitBy(this.#parts.limits.ofService(name));
  }

  kick(connection: number): void {
    for (const { proxy } of this.#services.values()) {
      const found = proxy.connections.get(connection);
      if (found !== undefined) proxy.cut(found);
    }
  }

  cut(service: string, endpoint: string): void {
    this.#services.get(service)?.proxy.cutEndpoint(endpoint);
  }

  /** Each 250 ms. */
  tick(): void {
    for (const hosted of this.#services.values()) hosted.flush();
    this.#ticks += 1;
    if (this.#ticks % ticksPerReport !== 0 || this.#services.size === 0) return;
    for (const hosted of this.#services.values()) hosted.tick();
    this.#report();
  }

  close(): void {
    for (const hosted of this.#services.values()) hosted.close();
    this.#services.clear();
  }

  #host(spec: PublishedService): HostedService {
    const hosted = new HostedService(spec, {
      keepAlive: this.#parts.keepAlive,
      nextId: () => (this.#lastId += this.#idStep),
      ownerOf: (address) => ownerOf(address, this.#parts.clientAt(address)),
      emit: (event) => this.#parts.emit(event),
    });
    hosted.limitBy(this.#parts.limits.ofService(spec.name));
    return hosted;
  }

  #report(): void {
    const services: ServiceFigures[] = [];
    const connections: ServiceConnectionFigures[] = [];
    const now = performance.now();
    for (const [name, hosted] of this.#services) {
      services.push(figuresOf(name, hosted));
      for (const connection of hosted.proxy.connections.values()) {
        if (connections.length >= reportedConnections) break;
        connections.push(rowOf(name, connection, this.#parts.clientAt(connection.remote.address), now));
      }
    }
    this.#parts.emit({ type: "service_report", seq: this.#seq, services, connections });
  }
}

function figuresOf(name: string, { proxy, warm }: HostedService): ServiceFigures {
  const endpoints: Record<string, number> = {};
  let { rx_bytes, tx_bytes } = proxy.counters;
  for (const { endpoint, rxBytes, txBytes } of proxy.connections.values()) {
    rx_bytes += rxBytes;
    tx_bytes += txBytes;
    if (endpoint !== undefined) endpoints[endpoint] = (endpoints[endpoint] ?? 0) + 1;
  }
  const { active, waiting } = proxy;
  return { name, ...proxy.counters, connections: active, waiting, warm, endpoints, rx_bytes, tx_bytes };
}

/** An identity may be called like an address. */
function ownerOf(address: string, client: ServiceClient | undefined): string {
  return client === undefined ? `address ${address}` : `identity ${client.identity}`;
}

function rowOf(
  service: string,
  connection: ServiceConnection,
  owner: ServiceClient | undefined,
  now: number,
): ServiceConnectionFigures {
  const { id, endpoint, state, remote, since, rxBytes, txBytes } = connection;
  return {
    id,
    service,
    endpoint,
    state: state.kind === "over" ? "active" : state.kind,
    ...remote,
    owner,
    age: now - since,
    rx_bytes: rxBytes,
    tx_bytes: txBytes,
    stalled: state.kind === "active" && state.relay.stalled,
    limited: state.kind === "active" && state.relay.limited,
  };
}
