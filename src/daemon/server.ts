import { isDeepStrictEqual } from "node:util";
import { formatNetwork } from "../shared/address.ts";
import type { Alert, Backend, Breaker, Connection, Service, Session } from "../shared/control/snapshot.ts";
import { SssonectorError } from "../shared/errors.ts";
import { isServer, type ServerSettings, type Settings } from "./config/settings.ts";
import type { ActionResult, BackendAction } from "./control/backend.ts";
import type { Event } from "./engine/messages.ts";
import { LinkAges } from "./pool/link-ages.ts";
import { timesOfEnd } from "./pool/link-book.ts";
import type { Role, RoleParts } from "./role.ts";
import { Rotation } from "./rotation.ts";
import { ServerAddresses } from "./server-addresses.ts";
import { ServerAdmission } from "./server-admission.ts";
import { ServerArrivals } from "./server-arrivals.ts";
import { ServerDrain } from "./server-drain.ts";
import { openSessionStock, type SessionStock } from "./server-registry.ts";
import { ServerReports } from "./server-reports.ts";
import { identityRule, innerAddresses, innerPrefixes, reservedAddresses } from "./server-rules.ts";
import { ServerSessions } from "./server-sessions.ts";
import { ServerWelcome } from "./server-welcome.ts";
import { Services } from "./services.ts";
import type { IdentityRule } from "./session/registry.ts";
import type { ClusterKey } from "./session/token.ts";

/** The server's control plane: admission of links, sessions with their addresses, published services. */
export class ServerRole implements Role {
  readonly inner: readonly string[];
  readonly sessionsRefused: Role["sessionsRefused"];
  readonly #parts: RoleParts;
  readonly #stock: SessionStock;
  readonly #reports: ServerReports;
  readonly #addresses: ServerAddresses;
  readonly #sessions: ServerSessions;
  readonly #welcome: ServerWelcome;
  readonly #drain: ServerDrain;
  readonly #admission: ServerAdmission;
  readonly #arrivals: ServerArrivals;
  readonly #services: Services;
  readonly #rotation: Rotation;
  readonly #ages = new LinkAges();
  #settings: ServerSettings;
  #listening: ((result: Event) => void) | undefined;
  ready = false;

  constructor(settings: ServerSettings, parts: RoleParts) {
    this.#settings = settings;
    this.#parts = parts;
    this.#rotation = new Rotation(parts);
    this.inner = innerAddresses(settings).map((text) => text.split("/")[0] as string);
    const reports = new ServerReports(parts);
    const ruleOf = (identity: string): IdentityRule => this.#ruleOf(identity);
    this.#stock = openSessionStock(settings, {
      ruleOf,
      wall: () => parts.clock.wall(),
      journalFailed: (error) => reports.failed("lease_not_journalled", "leases can't be written", error),
    });
    const { registry, sealer } = this.#stock;
    const addresses = new ServerAddresses({ ...parts, registry });
    const sessions = new ServerSessions({ ...parts, registry, addresses, ruleOf });
    const welcome = new ServerWelcome({ ...parts, registry, sealer, reports, settings: () => this.#settings });
    const drain = new ServerDrain({ ...parts, registry });
    const { name } = settings.core;
    const built = { registry, reports, addresses, sessions, welcome, drain };
    this.#admission = new ServerAdmission({ ...parts, ...built, name, ruleOf });
    this.sessionsRefused = this.#admission.refused;
    this.#arrivals = new ServerArrivals({ ...parts, name });
    this.#reports = reports;
    this.#addresses = addresses;
    this.#sessions = sessions;
    this.#welcome = welcome;
    this.#drain = drain;
    this.#services = this.#makeServices(settings);
  }

  #makeServices(settings: ServerSettings): Services {
    const { clock, engine, events } = this.#parts;
    return new Services({ clock, engine, events, settings });
  }

  async start(): Promise<void> {
    await this.#applyHost();
    await this.#addresses.open(this.#settings);
    const { host, port } = this.#settings.tunnel.listen;
    const result = await new Promise<Event>((resolve) => {
      this.#listening = resolve;
      this.#parts.engine.send({ type: "listen", host, port });
    });
    if (result.type === "listen_failed") {
      const code = result.code === "EADDRINUSE" ? "listen_busy" : "listen_failed";
      throw new SssonectorError(code, `tunnel.listen ${host}:${port}: ${result.message}`);
    }
    // Their addresses are there only now.
    this.#services.apply(this.#settings);
    this.ready = true;
  }

  onEvent(event: Event): void {
    switch (event.type) {
      case "listening":
      case "listen_failed":
        return this.#listening?.(event);
      case "refused":
        return this.#reports.handshakeRefused(event);
      case "arriving":
        return this.#arrivals.heard(event);
      case "hello":
        return this.#admission.hello(event);
      case "closed":
        return this.#linkClosed(event);
      case "spoofed":
        return this.#reports.spoofed(event);
      case "acl_refused":
        return this.#reports.aclRefused(event);
      case "goaway":
        // The client has another link in its place.
        return void this.#parts.links.drain(event.link, this.#parts.clock.now());
      case "service_listening":
      case "service_calls":
      case "service_report":
        return this.#services.onEvent(event);
      case "dial_failed":
      case "probed":
      case "connected":
      case "secured":
      case "welcome":
      case "demand":
      case "bucket":
      case "bucket_gone":
      case "worn":
      case "pong":
      case "sampled":
      case "captured":
      case "tun_down":
      case "stopped":
        return;
    }
  }

  #linkClosed({ link, reason }: Extract<Event, { type: "closed" }>): void {
    const record = this.#parts.links.remove(link);
    const session = this.#sessions.linkGone(link);
    this.#drain.linkGone();
    // One that was refused has been told of already.
    if (record?.state !== "active" && record?.state !== "draining") return;
    const { identity, remote, state } = record;
    const { clock, events } = this.#parts;
    const links_left = session?.links.size ?? 0;
    const facts = { identity, remote, reason, links_left, ...timesOfEnd(record, clock.now()) };
    if (state === "draining") events.add("info", "link_retired", `${identity} has another link instead of one`, facts);
    else events.add("info", "link_down", `${identity} lost a link (${reason})`, facts);
  }

  get sessionCount(): number {
    return this.#stock.registry.size;
  }

  sessions(most?: number): Session[] {
    return this.#sessions.rows(most);
  }

  backends(): Backend[] {
    return this.#services.backends();
  }

  breakers(): Breaker[] {
    return this.#services.breakers();
  }

  services(): Service[] {
    return this.#services.rows();
  }

  arrivals(): { count: number; rows: Connection[] } {
    return { count: this.#arrivals.count, rows: this.#arrivals.rows() };
  }

  serviceConnections(): Connection[] {
    return this.#services.connections();
  }

  act(action: BackendAction, options: { dryRun: boolean; acceptRisk: boolean }): ActionResult | undefined {
    if (action.backend === undefined && action.kind === "ready") return this.#drain.takeBack(options.dryRun);
    if (action.backend === undefined && action.kind === "drain") {
      return this.#drain.order(action.deadlineMs, options.dryRun);
    }
    return this.#services.act(action, options);
  }

  drain(): Promise<void> {
    return this.#drain.begin();
  }

  get draining(): boolean {
    return this.#drain.active;
  }

  alerts(): Alert[] {
    return [...this.#addresses.alerts(), ...this.#services.alerts()];
  }

  checkHealth(): void {
    this.#addresses.tick();
    this.#services.checkHealth();
    // A little later than the clients, who make the replacement and begin it by themselves.
    const age = 1.2 * this.#settings.security.certificates.rotation_interval;
    for (const { link } of this.#ages.due(this.#parts.links, age, this.#parts.clock.now())) {
      this.#parts.engine.send({ type: "goaway", link, scope: "link", reason: "its age" });
    }
    this.#sessions.expire();
    this.#welcome.renewStale();
  }

  adjustWeights(): void {
    this.#services.adjustWeights();
  }

  settleBreakers(): void {
    this.#services.settleBreakers();
  }

  kickSession(id: string, reason: string, dryRun: boolean): ActionResult | undefined {
    return (
      this.#arrivals.kick(id, reason, dryRun) ??
      this.#sessions.kick(id, reason, dryRun) ??
      this.#services.kick(id, reason, dryRun)
    );
  }

  reload(settings: Settings): void {
    if (!isServer(settings)) return;
    const { access, services, pool, health, circuit_breaker } = settings;
    const network = { ...this.#settings.network, routes: settings.network.routes };
    const welcomeChanged = !isDeepStrictEqual([health, network], [this.#settings.health, this.#settings.network]);
    const security = { ...this.#settings.security, certificates: settings.security.certificates };
    this.#settings = { ...this.#settings, access, services, pool, health, network, circuit_breaker, security };
    this.#services.apply(this.#settings);
    this.#stock.leases.reserve(reservedAddresses(this.#settings));
    this.withdraw();
    this.#welcome.respec();
    const { client_to_client: allowed } = settings.access;
    this.#parts.engine.send({ type: "client_to_client", allowed });
    if (welcomeChanged) this.#welcome.renewAll();
    this.#applyHost().catch((error: unknown) =>
      this.#reports.failed("host_not_applied", "the host did not take the new routes", error),
    );
  }

  useClusterKeys(keys: readonly ClusterKey[]): void {
    // Renewed at once, so that the key before it can go as soon as no client is away.
    if (this.#stock.sealer.use(keys)) this.#welcome.renewAll();
  }

  withdraw(): void {
    this.#sessions.withdraw();
  }

  closeLinks(links: ReadonlySet<number>, text: string): void {
    this.#sessions.closeLinks(links, text);
  }

  rotate({ dryRun }: { dryRun: boolean }): ActionResult {
    return this.#rotation.begin(dryRun);
  }

  async networkChanged(): Promise<void> {
    this.#addresses.networkChanged();
  }

  async close(): Promise<void> {
    const { leases } = this.#stock;
    this.#drain.stop();
    this.#rotation.stop();
    this.#services.stop();
    try {
      leases.compact();
    } catch (error) {
      // The journal as it is says the same, only longer.
      this.#reports.failed("lease_not_journalled", "leases can't be written anew", error);
    }
    leases.close();
    await this.#addresses.close();
  }

  #ruleOf(identity: string): IdentityRule {
    return this.#parts.denied(identity) ? undefined : identityRule(this.#settings, identity);
  }

  async #applyHost(): Promise<void> {
    const { network, access } = this.#settings;
    const report = await this.#parts.host.apply({
      mtu: network.mtu,
      addresses: innerAddresses(this.#settings),
      unreachable: innerPrefixes(this.#settings).map(formatNetwork),
      pins: [],
      routes: access.identities.flatMap(({ allowed_ips }) => allowed_ips),
    });
    for (const { what, reason } of report.refused) {
      this.#parts.events.add("warning", "host_route_refused", `${what}: ${reason}`);
    }
  }
}
