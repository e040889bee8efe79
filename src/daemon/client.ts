import { networkInterfaces } from "node:os";
import { join } from "node:path";
import type { Alert, Backend, Breaker, Connection, Service, Session } from "../shared/control/snapshot.ts";
import { formatAddress, formatPrefix, parsePrefix, prefixContains } from "../shared/address.ts";
import { describeError } from "../shared/errors.ts";
import type { CriticalCode } from "../shared/event-codes.ts";
import type { Usage } from "./backend-entry.ts";
import { Backends } from "./backends.ts";
import { Resolver, sessionFile } from "./client-files.ts";
import { Balancer } from "./balance/balancer.ts";
import { hashText } from "./balance/hash.ts";
import type { Strategy } from "./balance/strategy.ts";
import { makeStrategy } from "./balance/strategies.ts";
import {
  type AcceptRoutes,
  type ClientSettings,
  type EndpointSettings,
  isServer,
  type Settings,
} from "./config/settings.ts";
import type { ActionResult, BackendAction } from "./control/backend.ts";
import { FlowMode } from "./flow-mode.ts";
import type { Event, LinkTimes } from "./engine/messages.ts";
import type { DialTarget } from "./link/dialer.ts";
import { type Hello, protocolVersion, type Welcome } from "./link/messages.ts";
import { Connector, type Endpoint, type Introduction } from "./pool/connector.ts";
import { ExtraLinks } from "./pool/extra-links.ts";
import { LinkAges } from "./pool/link-ages.ts";
import { type LinkRecord, shortSession } from "./pool/link-book.ts";
import { callOutcome } from "./pool/outcome.ts";
import type { Role, RoleParts } from "./role.ts";

/** The LAN behind the servers has this long to learn that a session moved; until then old links deliver. */
const moveTime = 3000;

interface Joined {
  readonly welcome: Welcome;
  readonly since: number;
}

/** The client's control plane: one session, the link that carries it, and the host's addresses and routes. */
export class ClientRole implements Role {
  readonly #parts: RoleParts;
  readonly #connector: Connector;
  readonly #extra: ExtraLinks;
  /** Where flows are spread over servers. */
  readonly #flowMode: FlowMode | undefined;
  readonly #backends: Backends<EndpointSettings>;
  readonly #balancer: Balancer;
  /** Our own outer address of each link. */
  readonly #localOf = new Map<number, string>();
  /** The round trip of each link that counted last. */
  readonly #rtts = new WeakMap<LinkRecord, number>();
  readonly #resolver: Resolver;
  #settings: ClientSettings;
  #joined: Joined | undefined;
  #applied = "";
  #clusterId: string | undefined;
  #newestLink = 0;
  readonly #ages = new LinkAges();
  /** Links that are to be replaced. */
  readonly #worn = new Set<number>();
  ready = false;
  readonly sessionsRefused: Role["sessionsRefused"] = new Map();

  constructor(settings: ClientSettings, parts: RoleParts) {
    this.#settings = settings;
    this.#parts = parts;
    this.#resolver = new Resolver(join(settings.core.state_dir, "endpoints.json"));
    this.#balancer = new Balancer(this.#strategy(settings));
    this.#backends = this.#makeBackends(settings);
    this.#connector = new Connector({
      choose: (avoid, keep) => this.#backends.choose(avoid, keep),
      hasAlternative: ({ name }) => this.#backends.hasAlternative(name),
      ended: ({ name }, outcome, lived) => this.#backends.sessionEnded(name, outcome, lived),
      retire: (link) => this.#retire(link),
      clock: parts.clock,
      random: Math.random,
      memory: sessionFile(join(settings.core.state_dir, "session.json"), (error) =>
        this.#failed("session_not_saved", "the session can't be saved", error),
      ),
      resolve: (host) => this.#resolver.resolve(host),
      pin: async (addresses) => void (await parts.host.repin(addresses)),
      newLink: () => ++this.#newestLink,
      dial: (link, endpoint, address, introduction) => this.#dial(link, endpoint, address, introduction),
      successor: () => this.#extra.promote(),
      failed: ({ name }, reason, text, retryIn) => {
        const wait = (retryIn / 1000).toFixed(1);
        if (reason === "peer_stopping") this.#backends.leaving(name);
        const message = `${name}: ${reason} ${text}; again in ${wait} s`;
        parts.events.add("warning", "connect_failed", message, { backend: name, reason });
      },
    });
    this.#flowMode = settings.balancer.mode === "flow" ? this.#makeFlowMode() : undefined;
    this.#extra = new ExtraLinks({
      clock: parts.clock,
      random: Math.random,
      sizes: () => this.#settings.pool,
      acquire: ({ name }) => this.#backends.acquireExtra(name),
      dial: ({ endpoint, address }) => {
        const introduction = this.#connector.joining("join");
        if (introduction === undefined) return undefined;
        this.#dial(++this.#newestLink, endpoint, address, introduction);
        return this.#newestLink;
      },
      close: (link, text) => this.#close(link, text),
      retire: (link) => this.#retire(link),
      rate: (link) => this.#rate(link),
      failed: ({ endpoint: { name } }, reason, text, retryIn) => {
        const wait = (retryIn / 1000).toFixed(1);
        const message = `${name}: no further link (${reason} ${text}); again in ${wait} s`;
        parts.events.add("info", "pool_limited", message, { backend: name, reason });
      },
    });
  }

  get inner(): readonly string[] {
    return this.#joined?.welcome.addresses.map(({ address }) => formatAddress(address)) ?? [];
  }

  async start(): Promise<void> {
    // What a killed process left is undone; the address comes with WELCOME.
    await this.#parts.host.apply({
      mtu: this.#settings.network.mtu,
      addresses: [],
      unreachable: [],
      pins: [],
      routes: [],
    });
    this.#watchDemand();
    this.#connector.start();
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
        this.#localOf.set(event.link, event.local);
        return;
      }
      case "probed": {
        const outcome = event.reason === undefined ? "ok" : callOutcome(event.reason);
        return this.#backends.probed(event.name, outcome === "cancelled" ? "ok" : outcome, event.reason ?? "");
      }
      case "dial_failed":
        links.remove(event.link);
        if (this.#extra.has(event.link)) return this.#extra.ended(event.link, event.reason, event.text);
        this.#flowMode?.guests.ended(event.link, event.reason, event.text);
        return this.#connector.dialFailed(event.link, event.reason, event.text);
      case "demand":
        return this.#extra.demand(event.flows);
      case "worn":
        return void this.#worn.add(event.link);
      case "pong": {
        const record = links.get(event.link);
        if (record?.state === "active") this.#backends.hinted(record.backend, event);
        return;
      }
      case "welcome":
        this.#welcome(event).catch((error: unknown) => {
          // Without its addresses the link is of no use; the next one tries again.
          this.#parts.engine.send({ type: "close", link: event.link, reason: "internal", text: "" });
          this.#failed("host_not_applied", "the host did not take the session's addresses and routes", error);
        });
        return;
      case "closed":
        return this.#closed(event);
      case "goaway":
        return this.#goaway(event);
      case "listening":
      case "listen_failed":
      case "refused":
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

  sessions(): Session[] {
    if (this.#joined === undefined) return [];
    const { welcome, since } = this.#joined;
    return [
      {
        id: shortSession(welcome.session),
        identity: this.#parts.identity,
        inner: [...this.inner],
        epoch: Number(welcome.epoch),
        links: [...this.#parts.links].filter(({ state }) => state === "active").length,
        mtu: Math.min(welcome.mtu, this.#settings.network.mtu),
        since_seconds: Math.round((this.#parts.clock.now() - since) / 1000),
        expires_seconds: null,
      },
    ];
  }

  alerts(): Alert[] {
    const alerts = [...this.#backends.backendAlerts(), ...this.#backends.breakerAlerts()];
    if (this.ready) return alerts;
    const error = this.#connector.lastError;
    const message = `no link to any server${error === undefined ? "" : ` (${error})`}`;
    return [{ code: "no_link", severity: "critical", message }, ...alerts];
  }

  backends(): Backend[] {
    return this.#backends.rows((name) => this.#usage(name));
  }

  breakers(): Breaker[] {
    return this.#backends.breakerRows();
  }

  act(action: BackendAction, options: { dryRun: boolean; acceptRisk: boolean }): ActionResult | undefined {
    if ((action.kind === "drain" || action.kind === "ready") && action.backend === undefined) {
      const names = this.#settings.tunnel.endpoints.map(({ name }) => name).join(", ");
      return { kind: "refused", message: `a client serves nobody that could be drained; name a backend: ${names}` };
    }
    return this.#backends.act(action, options, (name) => this.#usage(name));
  }

  /** A client publishes nothing and serves nobody. */
  services(): Service[] {
    return [];
  }

  serviceConnections(): Connection[] {
    return [];
  }

  readonly draining = false;
  async drain(): Promise<void> {}

  checkHealth(): void {
    for (const record of this.#parts.links) {
      if (record.state === "active") this.#backends.alive(record.backend, this.#freshRtt(record), undefined);
    }
    this.#backends.checkHealth(this.#connector.current?.endpoint.name);
    this.#replaceWorn();
    this.#spreadFlows();
    this.#extra.tick();
  }

  adjustWeights(): void {
    this.#backends.adjustWeights((name) => this.#usage(name));
  }

  settleBreakers(): void {
    this.#backends.settleBreakers();
    const current = this.#connector.current?.endpoint.name;
    const keeps = this.#joined?.welcome.takeoverKeepsFlows ?? false;
    if (current === undefined) return;
    const better = this.#backends.failBack(current, keeps) !== undefined;
    const gone = !this.#settings.tunnel.endpoints.some(({ name }) => name === current);
    if (gone || better || this.#backends.shouldLeave(current, keeps)) this.#connector.leave("server");
  }

  kickSession(id: string, reason: string, dryRun: boolean): ActionResult | undefined {
    const session = this.#joined?.welcome.session;
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
    const count = this.#parts.links.size;
    const what = `${count} ${count === 1 ? "link" : "links"} by new ones`;
    if (count === 0) return { kind: "refused", message: "no link is up that could be replaced" };
    if (!dryRun) {
      this.#connector.leave("link");
      for (const link of this.#extra.links) this.#extra.replace(link);
    }
    return { kind: "done", message: `${dryRun ? "would replace" : "replaces"} ${what}`, facts: { links: count } };
  }

  reload(settings: Settings): void {
    if (!isServer(settings)) {
      const { pool, health, tunnel, balancer } = settings;
      if (balancer.strategy !== this.#settings.balancer.strategy) this.#balancer.use(this.#strategy(settings));
      this.#backends.update(tunnel.endpoints);
      this.#settings = {
        ...this.#settings,
        pool,
        health,
        tunnel,
        balancer,
        security: { ...this.#settings.security, certificates: settings.security.certificates },
        network: { ...this.#settings.network, routes: settings.network.routes },
      };
      this.#watchDemand();
      this.#backends.useBreakerRules(settings.circuit_breaker);
    }
    if (this.#joined === undefined) return;
    this.#applyHost(this.#joined.welcome).catch((error: unknown) =>
      this.#failed("host_not_applied", "the host did not take the new routes", error),
    );
  }

  /** Tokens are opaque to a client. */
  useClusterKeys(): void {}

  async networkChanged(): Promise<void> {
    await this.#parts.host.repin(this.#connector.outerAddresses);
    for (const record of this.#parts.links) {
      const local = this.#localOf.get(record.link);
      if (local !== undefined && record.index !== undefined && !hostHas(local)) this.#abandon(record);
    }
    this.#connector.hurry();
  }

  async close(): Promise<void> {
    this.#connector.stop();
    this.#extra.stop();
    this.#flowMode?.guests.stop();
    this.#backends.stop();
  }

  #strategy({ balancer }: ClientSettings): Strategy {
    const { clock, identity } = this.#parts;
    return makeStrategy(balancer.strategy, { clock, random: Math.random, start: hashText(identity) });
  }

  #makeBackends(settings: ClientSettings): Backends<EndpointSettings> {
    const { clock, engine, events, identity } = this.#parts;
    const flow = hashText(identity);
    return new Backends(settings.tunnel.endpoints, {
      service: undefined,
      clock,
      random: Math.random,
      flow,
      balancer: this.#balancer,
      breakerRules: settings.circuit_breaker,
      checkRules: () => this.#settings.health,
      probe: (endpoint) => {
        engine.send({
          type: "probe",
          name: endpoint.name,
          target: this.#target(endpoint, endpoint.address.host),
          timeoutMs: this.#settings.health.timeout,
        });
      },
      breakerChanged: (backend, { from, to, cause }) => {
        const severity = to === "open" ? "warning" : "info";
        // As `ctl breakers` writes them.
        const facts = { backend, from: from.replace("_", "-"), to: to.replace("_", "-"), cause };
        const message = `breaker of ${backend}: ${facts.from} to ${facts.to} (${cause})`;
        events.add(severity, "breaker_changed", message, facts);
        if (to !== "open" && to !== "forced_open") this.#connector.hurry();
      },
      healthChanged: (backend, from, to, cause) => {
        const severity = to === "down" ? "warning" : "info";
        const why = to === "down" && cause !== undefined ? ` (${cause})` : "";
        events.add(severity, "backend_changed", `${backend}: ${from} to ${to}${why}`, { backend, from, to });
      },
      keepsFlows: () => this.#joined?.welcome.takeoverKeepsFlows === true,
      adminChanged: (backend, admin) => this.#adminChanged(backend, admin),
    });
  }

  #adminChanged(backend: string, admin: Backend["admin"]): void {
    this.#parts.events.add("info", "backend_admin", `${backend} is ${admin} by an operator`, { backend, admin });
    if (admin === "ready") return this.#connector.hurry();
    const current = this.#connector.current?.endpoint.name === backend;
    if (admin === "maint") {
      for (const record of this.#parts.links) {
        if (record.backend === backend) this.#close(record.link, "the backend is in maintenance");
      }
    } else if (current && this.#joined?.welcome.takeoverKeepsFlows === true) {
      this.#connector.leave("server");
    }
  }

  #goaway({ link, scope, reason }: Extract<Event, { type: "goaway" }>): void {
    const record = this.#parts.links.get(link);
    if (record === undefined) return;
    const { backend } = record;
    // A server that leaves says so on every link.
    const told = scope === "link" || this.#connector.current?.link === link;
    if (told)
      this.#parts.events.add("info", "goaway", `${backend} asks to be left: ${reason}`, { backend, scope, reason });
    if (scope === "server") this.#backends.leaving(backend);
    if (scope === "link") this.#replace(link);
    else if (this.#connector.current?.link === link) this.#connector.leave(scope);
  }

  /** Another link has taken this one's place. */
  #retire(link: number): void {
    const record = this.#parts.links.get(link);
    if (record === undefined) return;
    record.state = "draining";
    const moved = this.#joined !== undefined && record.server !== serverKey(this.#joined.welcome);
    this.#parts.engine.send({ type: "retire", link, afterMs: moved ? moveTime : 0 });
  }

  /** The link's outer address is gone: another link may have its place at once. */
  #abandon(record: LinkRecord): void {
    const { link } = record;
    record.index = undefined;
    this.#flowMode?.guests.ended(link, "network_changed", "");
    if (this.#extra.has(link)) this.#extra.ended(link, "network_changed", "");
    else if (this.#connector.current?.link === link) {
      this.#connector.abandon();
      this.#firstLinkGone();
    }
    this.#close(link, "the outer address is gone");
  }

  #replaceWorn(): void {
    const { links, clock } = this.#parts;
    const { rotation_interval: age } = this.#settings.security.certificates;
    for (const { link } of this.#ages.due(links, age, clock.now())) this.#worn.add(link);
    for (const link of this.#worn) {
      if (links.get(link)?.state === "active") this.#replace(link);
      else this.#worn.delete(link);
    }
  }

  #replace(link: number): void {
    this.#flowMode?.guests.replace(link);
    if (this.#connector.current?.link === link) this.#connector.leave("link");
    else this.#extra.replace(link);
  }

  #spreadFlows(): void {
    const { tunnel, balancer } = this.#settings;
    const keeps = this.#joined?.welcome.takeoverKeepsFlows ?? false;
    this.#flowMode?.update(tunnel.endpoints, balancer.strategy, keeps);
  }

  #makeFlowMode(): FlowMode {
    const { clock, engine, events } = this.#parts;
    return new FlowMode({
      clock,
      engine,
      events,
      backends: this.#backends,
      connector: this.#connector,
      dial: (endpoint, address, introduction) => {
        this.#dial(++this.#newestLink, endpoint, address, introduction);
        return this.#newestLink;
      },
      close: (link, text) => this.#close(link, text),
      retire: (link) => this.#retire(link),
      rate: (link) => this.#rate(link),
    });
  }

  /** Flows are counted only where the answer may change something. */
  #watchDemand(): void {
    const { initial_size: least, max_size: most } = this.#settings.pool;
    this.#parts.engine.send({ type: "watch_demand", on: most > least });
  }

  #rate(link: number): number {
    const record = this.#parts.links.get(link);
    return record === undefined ? 0 : (this.#parts.figures(record)?.bps ?? 0);
  }

  #close(link: number, text: string): void {
    this.#parts.engine.send({ type: "close", link, reason: "normal", text });
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
    return { connections: records.length, bps, current: this.#connector.current?.endpoint.name === name };
  }

  #target({ identity, address }: Endpoint, host: string): DialTarget {
    return { host, port: address.port, identity, serverName: this.#settings.security.tls.server_name };
  }

  #dial(link: number, endpoint: Endpoint, address: string, introduction: Introduction): void {
    const { engine, links, clock, features } = this.#parts;
    const index = links.freeIndex();
    links.add({
      link,
      slot: undefined,
      identity: endpoint.identity,
      session: introduction.intent === "new" ? "" : introduction.session,
      backend: endpoint.name,
      remote: `${address}:${endpoint.address.port}`,
      inner: [],
      index,
      server: undefined,
      state: "connecting",
      since: clock.now(),
    });
    engine.send({
      type: "dial",
      link,
      group: this.#flowMode?.group(endpoint.name) ?? 0,
      target: this.#target(endpoint, address),
      hello: this.#hello(introduction, index, { ...features, zstd: this.#settings.network.compression }),
      timeoutMs: this.#settings.performance.connection_timeout,
    });
  }

  #hello(introduction: Introduction, linkIndex: number, capabilities: Hello["capabilities"]): Hello {
    const common = { version: protocolVersion, linkIndex, capabilities, mtu: this.#settings.network.mtu };
    return introduction.intent === "new" ? { ...common, intent: "new", epoch: 0n } : { ...common, ...introduction };
  }

  async #welcome(event: Extract<Event, { type: "welcome" }>): Promise<void> {
    const { links, events, clock } = this.#parts;
    const { welcome, link } = event;
    const record = links.get(link);
    // A link that was retired stays so, with whatever token.
    if (record === undefined || record.state === "draining") return;
    const guests = this.#flowMode?.guests;
    const guest = guests?.has(link) === true;
    const home = this.#joined !== undefined && serverKey(this.#joined.welcome) === serverKey(welcome);
    if (guest && !guests.welcomed(link, home)) return;
    const extra = this.#extra.has(link);
    if (extra && !this.#extra.welcomed(link, serverKey(welcome))) return;
    const first = record.state !== "active";
    record.slot = event.slot;
    record.session = welcome.session;
    record.server = serverKey(welcome);
    record.state = "active";
    if (extra && first) return this.#extended(record, event.took);
    if (guest) {
      if (!first) return;
      record.inner = this.inner;
      const message = `linked to ${welcome.serverId} as a guest`;
      events.add("info", "link_up", message, { backend: record.backend, ...timeFacts(event.took) });
      return this.#spreadFlows();
    }
    const kept = this.#joined?.welcome.session === welcome.session;
    this.#joined = { welcome, since: kept ? (this.#joined?.since ?? clock.now()) : clock.now() };
    record.inner = this.inner;
    this.#connector.welcomed(link, {
      id: welcome.session,
      epoch: welcome.epoch.toString(),
      token: welcome.token,
      clusterId: welcome.clusterId,
    });
    this.#backends.alive(record.backend, undefined, welcome.sessionCount);
    this.#checkCluster(welcome, kept);
    this.#settle(link);
    await this.#applyHost(welcome);
    if (!first) return;
    if (links.get(link) === undefined) return;
    this.ready = true;
    this.#spreadFlows();
    const inner = this.inner.join(" ");
    events.add("info", "link_up", `linked to ${welcome.serverId} as ${inner}`, {
      backend: record.backend,
      inner,
      ...timeFacts(event.took),
    });
  }

  #closed(event: Extract<Event, { type: "closed" }>): void {
    const record = this.#parts.links.remove(event.link);
    this.#localOf.delete(event.link);
    if (record?.state === "active") {
      const others = [...this.#parts.links].some((one) => one.backend === record.backend && one.state === "active");
      const outcome = callOutcome(event.reason);
      if (!others && outcome !== "cancelled" && outcome !== "local") {
        this.#backends.linkDied(record.backend, event.reason);
      }
      const message = `lost ${others ? "a" : "the"} link to ${record.backend} (${event.reason}) ${event.text}`.trim();
      this.#parts.events.add("warning", "link_down", message, {
        backend: record.backend,
        reason: event.reason,
        lived_seconds: Math.round((this.#parts.clock.now() - record.since) / 1000),
      });
    }
    if (this.#extra.has(event.link)) return this.#extra.ended(event.link, event.reason, event.text);
    const guests = this.#flowMode?.guests;
    if (guests?.has(event.link) === true) return guests.ended(event.link, event.reason, event.text);
    if (this.#connector.current?.link !== event.link) {
      return this.#connector.closed(event.link, event.reason, event.text);
    }
    this.#connector.closed(event.link, event.reason, event.text);
    this.#firstLinkGone();
  }

  /** Another link is the session's first now, or it has none. */
  #firstLinkGone(): void {
    const next = this.#connector.current;
    if (next !== undefined) return this.#settle(next.link);
    this.ready = false;
    this.#extra.unsettle();
  }

  /** The session has a link on a server: if it is its first there, others follow. */
  #settle(link: number): void {
    const { current } = this.#connector;
    const server = this.#parts.links.get(link)?.server;
    if (current?.link !== link || server === undefined) return;
    this.#extra.settle({ endpoint: current.endpoint, address: current.address, server });
  }

  /** One more link of the session is up. */
  #extended(record: LinkRecord, took: LinkTimes): void {
    record.inner = this.inner;
    this.#connector.joined();
    const links = 1 + this.#extra.links.length;
    const { backend } = record;
    this.#parts.events.add("info", "link_up", `one more link to ${backend}, ${links} in all`, {
      backend,
      count: links,
      ...timeFacts(took),
    });
  }

  #failed(code: CriticalCode, what: string, error: unknown): void {
    this.#parts.events.add("critical", code, `${what}: ${describeError(error)}`);
  }

  /** A session that came along shows that the keys are the same, whichever of them seals now. */
  #checkCluster(welcome: Welcome, kept: boolean): void {
    if (!kept && this.#clusterId !== undefined && this.#clusterId !== welcome.clusterId) {
      const message = `${welcome.serverId} belongs to another cluster than the last server; sessions can't move between them`;
      this.#parts.events.add("warning", "clusters_differ", message, { server: welcome.serverId });
    }
    this.#clusterId = welcome.clusterId;
  }

  /** Gives the host the addresses and routes of the session, if they are not what it has. */
  async #applyHost(welcome: Welcome): Promise<void> {
    const { network } = this.#settings;
    const addresses = welcome.addresses.map(({ address, prefixLength }) => `${formatAddress(address)}/${prefixLength}`);
    const pushed = welcome.routes.map(formatPrefix).filter((prefix) => accepted(prefix, network.accept_routes));
    const routes = [...new Set([...pushed, ...network.routes])];
    const mtu = Math.min(welcome.mtu, network.mtu);
    const wanted = JSON.stringify({ addresses, routes, mtu });
    if (wanted === this.#applied) return;
    const pins = this.#connector.outerAddresses;
    const report = await this.#parts.host.apply({ mtu, addresses, unreachable: [], pins, routes });
    this.#applied = wanted;
    for (const { what, reason } of report.refused) {
      this.#parts.events.add("warning", "host_route_refused", `${what}: ${reason}`, {});
    }
  }
}

function timeFacts({ authenticate, configure }: LinkTimes): { authenticate_ms: number; configure_ms: number } {
  return { authenticate_ms: Math.round(authenticate), configure_ms: Math.round(configure) };
}

/** A server's run: links with the same one lead to the same sessions. */
function serverKey({ serverId, bootId }: Welcome): string {
  return `${serverId} ${bootId}`;
}

function hostHas(address: string): boolean {
  return Object.values(networkInterfaces()).some((list) => list?.some((one) => one.address === address));
}

/** Whether a pushed route is taken; a default route only when the list names it. */
function accepted(route: string, rule: AcceptRoutes): boolean {
  if (rule === "none") return false;
  const isDefault = route === "0.0.0.0/0" || route === "::/0";
  if (rule === "all") return !isDefault;
  const prefix = parsePrefix(route);
  return rule.some((text) => {
    if (isDefault || prefix === undefined) return text === route;
    const allowed = parsePrefix(text);
    return allowed !== undefined && allowed.length <= prefix.length && prefixContains(allowed, prefix.address);
  });
}
