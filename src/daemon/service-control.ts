import type { Clock, Millis } from "../shared/clock.ts";
import type { Alert, Backend, Breaker, Connection, Service } from "../shared/control/snapshot.ts";
import type { BackendSettings, Usage } from "./backend-entry.ts";
import { Backends } from "./backends.ts";
import { Balancer } from "./balance/balancer.ts";
import { makeStrategy } from "./balance/strategies.ts";
import { formatHostPort } from "./config/address.ts";
import type { ServerSettings, ServiceSettings } from "./config/settings.ts";
import type { ActionResult, BackendAction } from "./control/backend.ts";
import type {
  PublishedService,
  ServiceCall,
  ServiceConnectionFigures,
  ServiceFigures,
} from "./engine/service-messages.ts";
import type { EventLog } from "./monitor/event-log.ts";
import { ServiceBook } from "./service-book.ts";
import { check } from "./service/check.ts";
import { isLocalFault } from "./service/connect.ts";
import type { Names } from "./service/names.ts";

/** Round trips below this differ by how busy this process is, not by how good the endpoint is. */
const shortestTrip: Millis = 1;

export interface ServiceControlParts {
  readonly clock: Clock;
  readonly events: EventLog;
  readonly names: Names;
  /** Until the first update. */
  readonly breakerRules: ServerSettings["circuit_breaker"];
  /** A reload may change it. */
  health(): ServerSettings["health"];
  /** A reload may change it. */
  pool(): ServerSettings["pool"];
  /** What the data thread is told has changed; the number of the message that will have it. */
  changed(): number;
  /** Resets the connections on an endpoint. */
  cut(service: string, endpoint: string): void;
}

interface Endpoint extends BackendSettings {
  /** Without the service's name in front. */
  readonly short: string;
}

type Listening =
  | { readonly kind: "starting" }
  | { readonly kind: "listening" }
  | { readonly kind: "failed"; readonly error: string };

/** One published service on the control plane: health, breakers and weights of its endpoints, and its figures. */
export class ServiceControl {
  readonly #parts: ServiceControlParts;
  readonly #backends: Backends<Endpoint>;
  readonly #book: ServiceBook;
  readonly #checks = new Set<() => void>();
  /** The message that tells the data thread of an endpoint's admin state. */
  readonly #toldBy = new Map<string, number>();
  #settings: ServiceSettings;
  #listening: Listening = { kind: "starting" };
  /** Endpoints that were measured: the first time tells only how cold both ends are. */
  readonly #measuredOnce = new Set<string>();

  constructor(settings: ServiceSettings, parts: ServiceControlParts) {
    this.#parts = parts;
    this.#settings = settings;
    const { clock } = parts;
    this.#book = new ServiceBook(clock);
    const random = Math.random;
    this.#backends = new Backends(endpointsOf(settings), {
      service: settings.name,
      clock,
      random,
      flow: 0,
      // The data thread chooses; this one only says who is healthy.
      balancer: new Balancer(makeStrategy("round_robin", { clock, random, start: undefined })),
      breakerRules: parts.breakerRules,
      checkRules: () => parts.health(),
      probe: (endpoint) => this.#check(endpoint),
      breakerChanged: (backend, { from, to, cause }) => {
        const facts = { backend, from: from.replace("_", "-"), to: to.replace("_", "-"), cause };
        const message = `breaker of ${backend}: ${facts.from} to ${facts.to} (${cause})`;
        parts.events.add(to === "open" ? "warning" : "info", "breaker_changed", message, facts);
        parts.changed();
      },
      healthChanged: (backend, from, to, cause) => {
        const why = to === "down" && cause !== undefined ? ` (${cause})` : "";
        const message = `${backend}: ${from} to ${to}${why}`;
        parts.events.add(to === "down" ? "warning" : "info", "backend_changed", message, { backend, from, to });
        parts.changed();
      },
      keepsFlows: () => false,
      adminChanged: (backend, admin) => {
        parts.events.add("info", "backend_admin", `${backend} is ${admin} by an operator`, { backend, admin });
        this.#toldBy.set(backend, parts.changed());
        if (admin === "maint") parts.cut(this.name, this.#short(backend));
      },
    });
  }

  get name(): string {
    return this.#settings.name;
  }

  get failed(): boolean {
    return this.#listening.kind === "failed";
  }

  update(settings: ServiceSettings, breakerRules: ServerSettings["circuit_breaker"]): void {
    this.#settings = settings;
    this.#backends.useBreakerRules(breakerRules);
    this.#backends.update(endpointsOf(settings));
  }

  /** As the data thread is to see it. */
  published(): PublishedService {
    const { name, listen, strategy, max_connections, connect_timeout, warm_connections } = this.#settings;
    const { idle_timeout, cleanup_interval } = this.#parts.pool();
    return {
      name,
      listen,
      strategy,
      maxConnections: max_connections,
      connectTimeout: connect_timeout,
      warm: { size: warm_connections, idleTimeout: idle_timeout, sweepEvery: cleanup_interval },
      endpoints: this.#backends
        .judged()
        .flatMap(({ settings, admin, operational, weight, ramp, admits, roundTrip }) => {
          const { host, port } = settings.address;
          const address = this.#parts.names.addressOf(host);
          if (address === undefined) return [];
          return [
            { name: settings.short, host: address, port, admin, operational, weight, ramp, admits, rtt: roundTrip },
          ];
        }),
    };
  }

  listens(error: string | undefined): void {
    const { name } = this;
    const before = this.#listening;
    this.#listening = error === undefined ? { kind: "listening" } : { kind: "failed", error };
    const address = formatHostPort(this.#settings.listen);
    if (error === undefined) {
      if (before.kind === "listening") return;
      this.#parts.events.add("info", "service_published", `${name} is published on ${address}`, { service: name });
    } else if (before.kind !== "failed" || before.error !== error) {
      const message = `${name} can't listen on ${address} (${error}); tried again each second`;
      this.#parts.events.add("warning", "service_failed", message, { service: name, reason: error });
    }
  }

  called(calls: readonly ServiceCall[]): void {
    for (const { endpoint, took, failure } of calls) {
      const backend = `${this.name}/${endpoint}`;
      if (failure === undefined) {
        this.#backends.called(backend, took, undefined);
        // Where checks are more than a connect their answers say more.
        if (this.#settings.health.type === "tcp") this.#measured(backend, took);
      } else {
        this.#backends.called(backend, took, { kind: isLocalFault(failure) ? "local" : "remote", cause: failure });
      }
    }
  }

  reported(seq: number, figures: ServiceFigures, connections: readonly ServiceConnectionFigures[]): void {
    this.#book.report(seq, figures, connections);
  }

  /** Once a second. */
  checkHealth(): void {
    this.#backends.checkHealth(undefined);
  }

  adjustWeights(): void {
    this.#backends.adjustWeights((name) => this.#usage(name));
  }

  settleBreakers(): void {
    this.#backends.settleBreakers();
  }

  row(): Service {
    const { name, listen, strategy, max_connections } = this.#settings;
    const rows = this.backends();
    const state = this.#listening;
    return {
      name,
      listen: formatHostPort(listen),
      state: state.kind === "listening" ? (this.#takes() ? "up" : "down") : state.kind,
      error: state.kind === "failed" ? state.error : null,
      strategy,
      endpoints_up: rows.filter(({ operational }) => operational === "up").length,
      endpoints_total: rows.length,
      max_connections,
      ...this.#book.columns(),
    };
  }

  connections(): Connection[] {
    const admin = new Map(this.backends().map((row) => [row.name, row.admin]));
    return this.#book.connections(admin);
  }

  backends(): Backend[] {
    return this.#backends.rows((name) => this.#usage(name));
  }

  breakers(): Breaker[] {
    return this.#backends.breakerRows();
  }

  alerts(): Alert[] {
    const alerts = [...this.#backends.backendAlerts(), ...this.#backends.breakerAlerts()];
    const { state, error } = this.row();
    if (state === "down") {
      alerts.unshift({
        code: "service_down",
        severity: "critical",
        message: `${this.name}: no endpoint takes connections`,
      });
    } else if (state === "failed") {
      alerts.unshift({
        code: "service_failed",
        severity: "critical",
        message: `${this.name} can't listen (${error ?? ""})`,
      });
    }
    return alerts;
  }

  act(action: BackendAction, options: { dryRun: boolean; acceptRisk: boolean }): ActionResult | undefined {
    return this.#backends.act(action, options, (name) => this.#usage(name));
  }

  stop(): void {
    this.#backends.stop();
    for (const giveUp of this.#checks) giveUp();
    this.#checks.clear();
  }

  /** Whether a new connection would find an endpoint. */
  #takes(): boolean {
    return this.#backends.judged().some(({ admin, weight, admits }) => admin === "ready" && weight > 0 && admits);
  }

  #check({ name, address }: Endpoint): void {
    const host = this.#parts.names.addressOf(address.host);
    if (host === undefined) return this.#backends.probed(name, "remote", "unresolved");
    const { health } = this.#settings;
    const begun = this.#parts.clock.now();
    const target = { host, port: address.port, name: formatHostPort(address) };
    const giveUp = check(target, health, this.#parts.health().timeout, (reason) => {
      this.#checks.delete(giveUp);
      if (reason === undefined) this.#measured(name, this.#parts.clock.now() - begun);
      const failure = reason !== undefined && isLocalFault(reason) ? "local" : "remote";
      this.#backends.probed(name, reason === undefined ? "ok" : failure, reason ?? "");
    });
    this.#checks.add(giveUp);
  }

  #measured(backend: string, took: Millis): void {
    if (this.#measuredOnce.has(backend)) this.#backends.measured(backend, Math.max(shortestTrip, took));
    else this.#measuredOnce.add(backend);
  }

  #usage(backend: string): Usage {
    return this.#book.usage(this.#short(backend), this.#toldBy.get(backend) ?? 0);
  }

  #short(backend: string): string {
    return backend.slice(this.name.length + 1);
  }
}

function endpointsOf({ name, endpoints }: ServiceSettings): Endpoint[] {
  return endpoints.map((endpoint) => ({
    name: `${name}/${endpoint.name}`,
    short: endpoint.name,
    address: endpoint.address,
    weight: endpoint.weight,
    priority: 0,
  }));
}
