import type { Clock } from "../shared/clock.ts";
import type { BackendSettings } from "./backend-entry.ts";
import type { Backends } from "./backends.ts";
import type { StrategyName } from "./balance/strategy.ts";
import type { Engine } from "./engine/engine.ts";
import type { EventLog } from "./monitor/event-log.ts";
import type { Connector, Endpoint, Introduction } from "./pool/connector.ts";
import { GuestLinks } from "./pool/guest-links.ts";

/** A link that can't be left without breaking its flows is left after so many seconds without traffic. */
const quietSeconds = 60;

export interface FlowModeParts {
  readonly clock: Clock;
  readonly engine: Pick<Engine, "send">;
  readonly events: EventLog;
  readonly backends: Backends<BackendSettings>;
  readonly connector: Connector;
  /** The link's number. */
  dial(endpoint: Endpoint, address: string, introduction: Introduction): number;
  close(link: number, text: string): void;
  retire(link: number): void;
  /** Bits a second that go over a link. */
  rate(link: number): number;
}

/** `balancer.mode: flow`: a link to each server that may take flows, and the choice among them for the data thread. */
export class FlowMode {
  readonly guests: GuestLinks;
  readonly #parts: FlowModeParts;
  readonly #groups = new Map<string, number>();
  /** Seconds without traffic of servers that are to be left. */
  readonly #quiet = new Map<string, number>();
  #told = "";

  constructor(parts: FlowModeParts) {
    this.#parts = parts;
    const { backends, clock, events } = parts;
    this.guests = new GuestLinks({
      clock,
      random: Math.random,
      acquire: (name) => backends.acquire(name),
      dial: (endpoint) => this.#dial(endpoint),
      close: (link, text) => parts.close(link, text),
      retire: (link) => parts.retire(link),
      ended: (name, outcome, lived) => backends.sessionEnded(name, outcome, lived),
      failed: (name, reason, text, retryIn) => {
        const message = `${name}: ${reason} ${text}; again in ${(retryIn / 1000).toFixed(1)} s`;
        events.add("warning", "connect_failed", message, { backend: name, reason });
      },
    });
  }

  /** Number of a server's links. */
  group(name: string): number {
    const group = this.#groups.get(name) ?? this.#groups.size + 1;
    this.#groups.set(name, group);
    return group;
  }

  /** Once a second, and when a link came. `keepsFlows`: a flow that goes to another server does not break. */
  update(endpoints: readonly Endpoint[], strategy: StrategyName, keepsFlows: boolean): void {
    const { connector, backends, engine } = this.#parts;
    const takers = backends.takers();
    const home = connector.current?.endpoint.name;
    const epoch = connector.joining("guest")?.epoch;
    if (home !== undefined && epoch !== undefined) {
      const names = new Set(takers.map(({ name }) => name));
      const wanted = endpoints.filter(({ name }) => name !== home && names.has(name));
      this.guests.reach(wanted, epoch);
      for (const [name, link] of this.guests.links) {
        const known = name !== home && endpoints.some((one) => one.name === name);
        if (!known || this.#mayLeave(name, link, keepsFlows)) this.guests.leave(name);
      }
    }
    const servers = takers.map(({ name, weight, rtt }) => {
      return { group: this.group(name), name, weight: Math.round(weight * 100) / 100, rtt: rtt?.estimate };
    });
    const told = JSON.stringify([strategy, servers]);
    if (told === this.#told) return;
    this.#told = told;
    engine.send({ type: "spread", strategy, servers });
  }

  /** Flows that would break by a move stay until they are silent. */
  #mayLeave(name: string, link: number, keepsFlows: boolean): boolean {
    if (!this.#parts.backends.isLeft(name)) {
      this.#quiet.delete(name);
      return false;
    }
    if (keepsFlows) return true;
    const seconds = this.#parts.rate(link) > 0 ? 0 : (this.#quiet.get(name) ?? 0) + 1;
    this.#quiet.set(name, seconds);
    return seconds >= quietSeconds;
  }

  async #dial(endpoint: Endpoint): Promise<number> {
    const { connector } = this.#parts;
    const address = await connector.reach(endpoint);
    const introduction = connector.joining("guest");
    if (introduction === undefined) throw new Error("the session has no home at the moment");
    return this.#parts.dial(endpoint, address, introduction);
  }
}
