import { lookup } from "node:dns/promises";
import { isDeepStrictEqual } from "node:util";
import type { Clock } from "../shared/clock.ts";
import type { Alert, Backend, Breaker, Connection, Service } from "../shared/control/snapshot.ts";
import type { ServerSettings } from "./config/settings.ts";
import type { ActionResult, BackendAction } from "./control/backend.ts";
import type { Engine } from "./engine/engine.ts";
import type { PublishedService, ServiceEvent } from "./engine/service-messages.ts";
import type { EventLog } from "./monitor/event-log.ts";
import { serviceConnectionId } from "./service-book.ts";
import { ServiceControl } from "./service-control.ts";
import { Names } from "./service/names.ts";

export interface ServicesParts {
  readonly clock: Clock;
  readonly engine: Engine;
  readonly events: EventLog;
  readonly settings: Pick<ServerSettings, "circuit_breaker" | "health" | "pool">;
}

/** The published services: what the settings, the checks and the operator make of them is told to the data thread. */
export class Services {
  readonly #parts: ServicesParts;
  readonly #names: Names;
  #pool: ServerSettings["pool"];
  #health: ServerSettings["health"];
  #breakerRules: ServerSettings["circuit_breaker"];
  #services: readonly ServiceControl[] = [];
  #told: readonly PublishedService[] = [];
  #seq = 0;
  /** Settings are being taken over: what changes is told once they are. */
  #applying = false;

  constructor(parts: ServicesParts) {
    this.#parts = parts;
    this.#pool = parts.settings.pool;
    this.#health = parts.settings.health;
    this.#breakerRules = parts.settings.circuit_breaker;
    this.#names = new Names({
      lookup: async (name) => (await lookup(name)).address,
      now: () => parts.clock.now(),
      changed: () => this.#publish(),
    });
  }

  /** Publishes the services of the settings, and those no more that are not in them. */
  apply(settings: Pick<ServerSettings, "services" | "pool" | "circuit_breaker" | "health">): void {
    this.#applying = true;
    this.#pool = settings.pool;
    this.#health = settings.health;
    this.#breakerRules = settings.circuit_breaker;
    const before = this.#services;
    this.#services = settings.services.map((one) => {
      const known = before.find(({ name }) => name === one.name);
      known?.update(one, settings.circuit_breaker);
      return known ?? this.#control(one);
    });
    for (const gone of before) if (!this.#services.includes(gone)) gone.stop();
    this.#applying = false;
    this.#publish();
  }

  onEvent(event: ServiceEvent): void {
    switch (event.type) {
      case "service_listening":
        return this.#find(event.service)?.listens(event.error);
      case "service_calls":
        return this.#find(event.service)?.called(event.calls);
      case "service_report":
        for (const figures of event.services) {
          const connections = event.connections.filter(({ service }) => service === figures.name);
          this.#find(figures.name)?.reported(event.seq, figures, connections);
        }
        return;
    }
  }

  /** Once a second. */
  checkHealth(): void {
    for (const service of this.#services) service.checkHealth();
  }

  adjustWeights(): void {
    for (const service of this.#services) service.adjustWeights();
  }

  settleBreakers(): void {
    for (const service of this.#services) service.settleBreakers();
    // One that could not listen tries again with each message.
    this.#publish(this.#services.some(({ failed }) => failed));
  }

  rows(): Service[] {
    return this.#services.map((service) => service.row());
  }

  connections(): Connection[] {
    return this.#services.flatMap((service) => service.connections());
  }

  backends(): Backend[] {
    return this.#services.flatMap((service) => service.backends());
  }

  breakers(): Breaker[] {
    return this.#services.flatMap((service) => service.breakers());
  }

  alerts(): Alert[] {
    return this.#services.flatMap((service) => service.alerts());
  }

  /** What an operator does to an endpoint, or to every breaker; undefined when there is none of that name. */
  act(action: BackendAction, options: { dryRun: boolean; acceptRisk: boolean }): ActionResult | undefined {
    if (action.backend === undefined) {
      return this.#services.map((service) => service.act(action, options)).at(0);
    }
    const service = this.#services.find(({ name }) => action.backend?.startsWith(`${name}/`));
    return service?.act(action, options);
  }

  /** Resets a connection by its public id; undefined when there is none. */
  kick(id: string, reason: string, dryRun: boolean): ActionResult | undefined {
    const found = this.connections().find((row) => row.id === id);
    if (found === undefined) return undefined;
    const what = `connection ${id} of ${found.identity || found.remote} to ${found.backend}`;
    if (dryRun) return { kind: "done", message: `would reset ${what}` };
    const connection = Number(id.slice(serviceConnectionId(0).length - 1));
    this.#parts.engine.send({ type: "service_kick", connection });
    this.#parts.events.add("warning", "service_kicked", `reset ${what}`, { identity: found.identity, reason });
    return { kind: "done", message: `reset ${what}` };
  }

  stop(): void {
    for (const service of this.#services) service.stop();
  }

  #control(settings: ServerSettings["services"][number]): ServiceControl {
    const { clock, engine, events } = this.#parts;
    return new ServiceControl(settings, {
      clock,
      events,
      names: this.#names,
      breakerRules: this.#breakerRules,
      health: () => this.#health,
      pool: () => this.#pool,
      changed: () => this.#publish(),
      cut: (service, endpoint) => engine.send({ type: "service_cut", service, endpoint }),
    });
  }

  /** Tells the data thread what is not as it was told; returns the number of the message that has it all. */
  #publish(always = false): number {
    if (this.#applying) return this.#seq + 1;
    const services = this.#services.map((service) => service.published());
    if (!always && isDeepStrictEqual(services, this.#told)) return this.#seq;
    this.#told = services;
    this.#seq += 1;
    this.#parts.engine.send({ type: "publish", seq: this.#seq, services });
    return this.#seq;
  }

  #find(name: string): ServiceControl | undefined {
    return this.#services.find((service) => service.name === name);
  }
}
