import type { Alert, Backend, Breaker } from "../shared/control/snapshot.ts";
import type { Usage } from "./backend-entry.ts";
import { Backends } from "./backends.ts";
import { Balancer } from "./balance/balancer.ts";
import { hashText } from "./balance/hash.ts";
import type { Strategy } from "./balance/strategy.ts";
import { makeStrategy } from "./balance/strategies.ts";
import type { ClientSession } from "./client-session.ts";
import type { ClientSettings, EndpointSettings } from "./config/settings.ts";
import type { ActionResult, BackendAction } from "./control/backend.ts";
import type { Event } from "./engine/messages.ts";
import type { LinkRecord } from "./pool/link-book.ts";
import { callOutcome } from "./pool/outcome.ts";
import type { RoleParts } from "./role.ts";

interface ClientServersParts extends Pick<RoleParts, "clock" | "events" | "links" | "identity" | "figures"> {
  readonly session: ClientSession;
  settings(): ClientSettings;
  probe(endpoint: EndpointSettings): void;
  /** The server that the session's first link leads to. */
  current(): string | undefined;
  /** A server may be had again. */
  hurry(): void;
  /** An operator took a server out; its flows are to go. */
  takenOut(backend: string, admin: "drain" | "maint"): void;
}

/** The servers that a client may use: what is measured of them, and where the session belongs. */
export class ClientServers {
  readonly backends: Backends<EndpointSettings>;
  readonly #parts: ClientServersParts;
  readonly #balancer: Balancer;
  /** The round trip of each link that counted last. */
  readonly #rtts = new WeakMap<LinkRecord, number>();

  constructor(settings: ClientSettings, parts: ClientServersParts) {
    this.#parts = parts;
    this.#balancer = new Balancer(this.#strategy(settings));
    this.backends = new Backends(settings.tunnel.endpoints, {
      service: undefined,
      clock: parts.clock,
      random: Math.random,
      flow: hashText(parts.identity),
      balancer: this.#balancer,
      breakerRules: settings.circuit_breaker,
      checkRules: () => parts.settings().health,
      probe: (endpoint) => parts.probe(endpoint),
      breakerChanged: (backend, { from, to, cause }) => {
        const severity = to === "open" ? "warning" : "info";
        // As `ctl breakers` writes them.
        const facts = { backend, from: from.replace("_", "-"), to: to.replace("_", "-"), cause };
        const message = `breaker of ${backend}: ${facts.from} to ${facts.to} (${cause})`;
        parts.events.add(severity, "breaker_changed", message, facts);
        if (to !== "open" && to !== "forced_open") parts.hurry();
      },
      healthChanged: (backend, from, to, cause) => {
        const severity = to === "down" ? "warning" : "info";
        const why = to === "down" && cause !== undefined ? ` (${cause})` : "";
        parts.events.add(severity, "backend_changed", `${backend}: ${from} to ${to}${why}`, { backend, from, to });
      },
      keepsFlows: () => parts.session.keepsFlows === true,
      adminChanged: (backend, admin) => {
        parts.events.add("info", "backend_admin", `${backend} is ${admin} by an operator`, { backend, admin });
        if (admin === "ready") parts.hurry();
        else parts.takenOut(backend, admin);
      },
    });
  }

  rows(): Backend[] {
    return this.backends.rows((name) => this.#usage(name));
  }

  breakers(): Breaker[] {
    return this.backends.breakerRows();
  }

  alerts(): Alert[] {
    return [...this.backends.backendAlerts(), ...this.backends.breakerAlerts()];
  }

  act(action: BackendAction, options: { dryRun: boolean; acceptRisk: boolean }): ActionResult | undefined {
    if ((action.kind === "drain" || action.kind === "ready") && action.backend === undefined) {
      const { endpoints } = this.#parts.settings().tunnel;
      const names = endpoints.map(({ name }) => name).join(", ");
      return { kind: "refused", message: `a client serves nobody that could be drained; name a backend: ${names}` };
    }
    return this.backends.act(action, options, (name) => this.#usage(name));
  }

  probed({ name, reason }: Extract<Event, { type: "probed" }>): void {
    const outcome = reason === undefined ? "ok" : callOutcome(reason);
    this.backends.probed(name, outcome === "cancelled" ? "ok" : outcome, reason ?? "");
  }

  checkHealth(): void {
    for (const record of this.#parts.links) {
      if (record.state === "active") this.backends.alive(record.backend, this.#freshRtt(record), undefined);
    }
    this.backends.checkHealth(this.#parts.current());
  }

  adjustWeights(): void {
    this.backends.adjustWeights((name) => this.#usage(name));
  }

  /** What the breakers let through now; true when the session belongs on another server than it is on. */
  settleBreakers(): boolean {
    this.backends.settleBreakers();
    const current = this.#parts.current();
    if (current === undefined) return false;
    const keeps = this.#parts.session.keepsFlows ?? false;
    const better = this.backends.failBack(current, keeps) !== undefined;
    const gone = !this.#parts.settings().tunnel.endpoints.some(({ name }) => name === current);
    return gone || better || this.backends.shouldLeave(current, keeps);
  }

  /** Takes what a reload changed in the strategy and the list. */
  update(settings: ClientSettings): void {
    if (settings.balancer.strategy !== this.#parts.settings().balancer.strategy) {
      this.#balancer.use(this.#strategy(settings));
    }
    this.backends.update(settings.tunnel.endpoints);
  }

  #strategy({ balancer }: ClientSettings): Strategy {
    const { clock, identity } = this.#parts;
    return makeStrategy(balancer.strategy, { clock, random: Math.random, start: hashText(identity) });
  }

  /** A round trip that was measured since the last look: there is one for several ticks. */
  #freshRtt(record: LinkRecord): number | undefined {
    const rtt = this.#parts.figures(record)?.rtt;
    if (rtt === undefined || rtt === this.#rtts.get(record)) return undefined;
    this.#rtts.set(record, rtt);
    return rtt;
  }

  #usage(name: string): Usage {
    const records: LinkRecord[] = [...this.#parts.links].filter(({ backend }) => backend === name);
    const bps = records.reduce((sum, record) => sum + (this.#parts.figures(record)?.bps ?? 0), 0);
    return { connections: records.length, bps, current: this.#parts.current() === name };
  }
}
