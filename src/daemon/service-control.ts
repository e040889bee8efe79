import type { Clock } from "../shared/clock.ts";
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
import { EndpointChecks } from "./endpoint-checks.ts";
import { ServiceBook } from "./service-book.ts";
import { ServiceState } from "./service-state.ts";
import { isLocalFault } from "./service/connect.ts";
import type { Names } from "./service/names.ts";

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

/** One published service on the control plane: health, breakers and weights of its endpoints, and its figures. */
export class ServiceControl {
  readonly #parts: ServiceControlParts;
  readonly #backends: Backends<Endpoint>;
  readonly #book: ServiceBook;
  readonly #checks: EndpointChecks;
  readonly #state: ServiceState;
  /** The message that tells the data thread of an endpoint's admin state. */
  readonly #toldBy = new Map<string, number>();
  #settings: ServiceSettings;

  constructor(settings: ServiceSettings, parts: ServiceControlParts) {
    this.#parts = parts;
    this.#settings = settings;
    const { clock } = parts;
    this.#book = new ServiceBook(clock);
    this.#state = new ServiceState(settings.name, parts.events);
    this.#checks = new EndpointChecks({
      clock,
      names: parts.names,
      timeout: () => parts.health().timeout,
      probed: (backend, outcome, cause) => this.#backends.probed(backend, outcome, cause),
      measured: (backend, roundTrip) => this.#backends.measured(backend, roundTrip),
    });
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
      probe: ({ name, address }) => this.#checks.check(name, address, this.#settings.health),
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
    return this.#state.failed;
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
    this.#state.listens(formatHostPort(this.#settings.listen), error);
  }

  called(calls: readonly ServiceCall[]): void {
    for (const { endpoint, took, failure } of calls) {
      const backend = `${this.name}/${endpoint}`;
      if (failure === undefined) {
        this.#backends.called(backend, took, undefined);
        // Where checks are more than a connect their answers say more.
        if (this.#settings.health.type === "tcp") this.#checks.took(backend, took);
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
    return {
      name,
      listen: formatHostPort(listen),
      ...this.#state.columns(this.#takes()),
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
    return [...this.#state.alerts(this.#takes()), ...this.#backends.backendAlerts(), ...this.#backends.breakerAlerts()];
  }

  act(action: BackendAction, options: { dryRun: boolean; acceptRisk: boolean }): ActionResult | undefined {
    return this.#backends.act(action, options, (name) => this.#usage(name));
  }

  stop(): void {
    this.#backends.stop();
    this.#checks.stop();
  }

  /** Whether a new connection would find an endpoint. */
  #takes(): boolean {
    return this.#backends.judged().some(({ admin, weight, admits }) => admin === "ready" && weight > 0 && admits);
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
