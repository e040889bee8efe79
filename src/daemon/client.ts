import type { Alert, Backend, Breaker, Connection, Service, Session } from "../shared/control/snapshot.ts";
import { describeError } from "../shared/errors.ts";
import type { CriticalCode } from "../shared/event-codes.ts";
import { ClientDialer } from "./client-dialer.ts";
import { ClientHost } from "./client-host.ts";
import { ClientLinkEvents } from "./client-link-events.ts";
import { ClientUpkeep } from "./client-upkeep.ts";
import { ClientPool } from "./client-pool.ts";
import { ClientServers } from "./client-servers.ts";
import { ClientSession } from "./client-session.ts";
import { type ClientSettings, isServer, type Settings } from "./config/settings.ts";
import type { ActionResult, BackendAction } from "./control/backend.ts";
import type { Event } from "./engine/messages.ts";
import { shortSession } from "./pool/link-book.ts";
import type { Role, RoleParts } from "./role.ts";

/** The client's control plane: one session, the links that carry it, and the servers that they may lead to. */
export class ClientRole implements Role {
  readonly sessionsRefused: Role["sessionsRefused"] = new Map();
  readonly draining = false;
  readonly #parts: RoleParts;
  readonly #session: ClientSession;
  readonly #servers: ClientServers;
  readonly #pool: ClientPool;
  readonly #upkeep: ClientUpkeep;
  readonly #host: ClientHost;
  readonly #linkEvents: ClientLinkEvents;
  #settings: ClientSettings;

  constructor(settings: ClientSettings, parts: RoleParts) {
    this.#settings = settings;
    this.#parts = parts;
    const common = { ...parts, settings: () => this.#settings };
    const session = new ClientSession(common);
    const dialer = new ClientDialer(common);
    const servers = new ClientServers(settings, {
      ...common,
      session,
      probe: (endpoint) => dialer.probe(endpoint),
      current: () => this.#current,
      hurry: () => this.#pool.connector.hurry(),
      takenOut: (backend, admin) => this.#upkeep.takenOut(backend, admin),
    });
    const host = new ClientHost({ ...common, pins: () => this.#pool.connector.outerAddresses });
    const pool = new ClientPool(settings, {
      ...common,
      dialer,
      session,
      backends: servers.backends,
      pin: (addresses) => host.repin(addresses),
      sessionNotSaved: (error) => this.#failed("session_not_saved", "the session can't be saved", error),
    });
    const upkeep = new ClientUpkeep(pool, { ...common, session });
    this.#linkEvents = new ClientLinkEvents({ ...parts, session, servers, pool, upkeep, host });
    this.#session = session;
    this.#servers = servers;
    this.#host = host;
    this.#pool = pool;
    this.#upkeep = upkeep;
  }

  get ready(): boolean {
    return this.#session.ready;
  }

  get inner(): readonly string[] {
    return this.#session.inner;
  }

  /** The server that the session's first link leads to. */
  get #current(): string | undefined {
    return this.#pool.connector.current?.endpoint.name;
  }

  async start(): Promise<void> {
    await this.#host.clear();
    this.#pool.start();
  }

  onEvent(event: Event): void {
    const { links } = this.#parts;
    switch (event.type) {
      case "connected": {
        const record = links.get(event.link);
        if (record !== undefined) record.state = "authenticating";
        return;
      }
      case "secured": {
        const record = links.get(event.link);
        if (record === undefined) return;
        record.state = "configuring";
        return this.#upkeep.secured(event.link, event.local);
      }
      case "probed":
        return this.#servers.probed(event);
      case "dial_failed":
        links.remove(event.link);
        return this.#upkeep.dialFailed(event.link, event.reason, event.text);
      case "demand":
        return this.#pool.extra.demand(event.flows);
      case "worn":
        return this.#upkeep.worn(event.link);
      case "pong": {
        const record = links.get(event.link);
        if (record?.state === "active") this.#servers.backends.hinted(record.backend, event);
        return;
      }
      case "welcome":
        this.#linkEvents.welcome(event).catch((error: unknown) => {
          // Without its addresses the link is of no use; the next one tries again.
          this.#parts.engine.send({ type: "close", link: event.link, reason: "internal", text: "" });
          this.#failed("host_not_applied", "the host did not take the session's addresses and routes", error);
        });
        return;
      case "closed":
        return this.#linkEvents.closed(event);
      case "goaway":
        return this.#linkEvents.goaway(event);
      case "listening":
      case "listen_failed":
      case "refused":
      case "arriving":
      case "hello":
      case "spoofed":
      case "captured":
      case "acl_refused":
      case "service_listening":
      case "service_calls":
      case "service_report":
      case "bucket":
      case "bucket_gone":
      case "sampled":
      case "tun_down":
      case "stopped":
        return;
    }
  }

  get sessionCount(): number {
    return this.#session.welcome === undefined ? 0 : 1;
  }

  sessions(): Session[] {
    return this.#session.rows();
  }

  alerts(): Alert[] {
    const alerts = this.#servers.alerts();
    if (this.ready) return alerts;
    const error = this.#pool.connector.lastError;
    const message = `no link to any server${error === undefined ? "" : ` (${error})`}`;
    return [{ code: "no_link", severity: "critical", message }, ...alerts];
  }

  backends(): Backend[] {
    return this.#servers.rows();
  }

  breakers(): Breaker[] {
    return this.#servers.breakers();
  }

  act(action: BackendAction, options: { dryRun: boolean; acceptRisk: boolean }): ActionResult | undefined {
    return this.#servers.act(action, options);
  }

  /** A client publishes nothing and serves nobody. */
  services(): Service[] {
    return [];
  }

  arrivals(): { count: number; rows: Connection[] } {
    return { count: 0, rows: [] };
  }

  serviceConnections(): Connection[] {
    return [];
  }

  async drain(): Promise<void> {}

  checkHealth(): void {
    this.#servers.checkHealth();
    this.#upkeep.replaceWorn();
    this.#pool.spreadFlows();
    this.#pool.extra.tick();
  }

  adjustWeights(): void {
    this.#servers.adjustWeights();
  }

  settleBreakers(): void {
    if (this.#servers.settleBreakers()) this.#pool.connector.leave("server");
  }

  kickSession(id: string, reason: string, dryRun: boolean): ActionResult | undefined {
    const session = this.#session.welcome?.session;
    if (session === undefined || (shortSession(session) !== id && session !== id)) return undefined;
    if (dryRun) return { kind: "done", message: `would close the link of session ${shortSession(session)}` };
    for (const { link } of this.#parts.links) {
      this.#parts.engine.send({ type: "close", link, reason: "kicked", text: reason });
    }
    return { kind: "done", message: `closed the link of session ${shortSession(session)}; it reconnects by itself` };
  }

  closeLinks(links: ReadonlySet<number>, text: string): void {
    for (const link of links) this.#parts.engine.send({ type: "close", link, reason: "denied", text });
  }

  /** A client lets nobody in. */
  withdraw(): void {}

  rotate({ dryRun }: { dryRun: boolean }): ActionResult {
    return this.#upkeep.replaceAll(dryRun);
  }

  reload(settings: Settings): void {
    if (!isServer(settings)) {
      const { pool, health, tunnel, balancer } = settings;
      this.#servers.update(settings);
      const security = { ...this.#settings.security, certificates: settings.security.certificates };
      const network = { ...this.#settings.network, routes: settings.network.routes };
      this.#settings = { ...this.#settings, pool, health, tunnel, balancer, security, network };
      this.#pool.watchDemand();
      this.#servers.backends.useBreakerRules(settings.circuit_breaker);
    }
    const { welcome } = this.#session;
    if (welcome === undefined) return;
    this.#host
      .apply(welcome)
      .catch((error: unknown) => this.#failed("host_not_applied", "the host did not take the new routes", error));
  }

  /** Tokens are opaque to a client. */
  useClusterKeys(): void {}

  async networkChanged(): Promise<void> {
    await this.#host.repin(this.#pool.connector.outerAddresses);
    this.#upkeep.networkChanged();
  }

  async close(): Promise<void> {
    this.#pool.stop();
    this.#servers.backends.stop();
  }

  #failed(code: CriticalCode, what: string, error: unknown): void {
    this.#parts.events.add("critical", code, `${what}: ${describeError(error)}`);
  }
}
