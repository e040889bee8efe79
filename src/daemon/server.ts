import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Clock, Timer } from "../shared/clock.ts";
import type { Alert, Backend, Breaker, Connection, Service, Session } from "../shared/control/snapshot.ts";
import { describeError, SssonectorError } from "../shared/errors.ts";
import type { CriticalCode } from "../shared/event-codes.ts";
import { type Address, formatNetwork, parseAddress, type Prefix } from "../shared/address.ts";
import { clusterKeysOf } from "./cluster-keys.ts";
import { isServer, type ServerSettings, type Settings } from "./config/settings.ts";
import type { ActionResult, BackendAction } from "./control/backend.ts";
import type { Engine } from "./engine/engine.ts";
import type { Event } from "./engine/messages.ts";
import { stretched } from "./link/liveness.ts";
import { type Capabilities, protocolVersion, type Welcome } from "./link/messages.ts";
import type { EventLog } from "./monitor/event-log.ts";
import { LinkAges } from "./pool/link-ages.ts";
import { type LinkBook, type LinkRecord, shortSession } from "./pool/link-book.ts";
import { ReturnPath } from "./return-path.ts";
import type { Role } from "./role.ts";
import { Rotation } from "./rotation.ts";
import type { SessionSpec } from "./session/data-session.ts";
import { aclOf, fixedAddresses, identityRule, prefixOf, serverId } from "./server-rules.ts";
import { Services } from "./services.ts";
import { SliceLeaseStore } from "./session/leases.ts";
import {
  type AdmissionOutcome,
  type IdentityRule,
  type ServerSession,
  type SessionRefusal,
  SessionRegistry,
} from "./session/registry.ts";
import { type ClusterKey, TokenSealer } from "./session/token.ts";
import { Journal } from "./store/journal.ts";
import type { OffloadFeatures } from "./tun/device.ts";
import type { HostNetwork } from "./tun/host.ts";

/** A token is good for a day; a link that is up gets a fresh one at half of it. */
const tokenLifetime = 24 * 3600 * 1000;
/** What comes over old links is delivered for this long after another server took the session. */
const letGoAfter = 5_000;
/** Displaced sessions of one identity in a minute that raise an alarm. */
const swapsForAlarm = 3;
/** Between two events about the same peer and reason. */
const quietFor = 10_000;

export interface RoleParts {
  readonly clock: Clock;
  readonly engine: Engine;
  readonly host: Pick<HostNetwork, "apply" | "repin">;
  readonly events: EventLog;
  readonly links: LinkBook;
  readonly features: OffloadFeatures;
  /** Our own, from the certificate. */
  readonly identity: string;
  /** Whether an operator shut the identity out. */
  denied(identity: string): boolean;
  /** What the monitor measured of a link. */
  figures(record: LinkRecord): { readonly rtt: number | undefined; readonly bps: number } | undefined;
}

/** The server's control plane: admission of links, sessions and their leases. */
export class ServerRole implements Role {
  readonly inner: readonly string[];
  readonly sessionsRefused: Map<SessionRefusal, number> = new Map();
  readonly #parts: RoleParts;
  readonly #registry: SessionRegistry;
  readonly #leases: SliceLeaseStore;
  readonly #sealer: TokenSealer;
  readonly #bootId = randomBytes(16).toString("hex");
  readonly #prefixes: readonly Prefix[];
  readonly #toldAt = new Map<string, number>();
  /** What the newest link of each session can inject. */
  readonly #peers = new WeakMap<ServerSession, Capabilities>();
  readonly #swaps = new Map<string, number[]>();
  /** Sessions that other servers took, until their links here are closed. */
  readonly #lettingGo = new Map<ServerSession, Timer>();
  #settings: ServerSettings;
  readonly #services: Services;
  #returnPath: ReturnPath | undefined;
  readonly #rotation: Rotation;
  readonly #ages = new LinkAges();
  #listening: ((result: Event) => void) | undefined;
  ready = false;
  /** Waits for the last link to go; undefined while nothing is drained. */
  #draining: PromiseWithResolvers<void> | undefined;
  #drainDeadline: Timer | undefined;

  constructor(settings: ServerSettings, parts: RoleParts) {
    this.#settings = settings;
    this.#parts = parts;
    this.#rotation = new Rotation(parts);
    const own = [settings.network.address, settings.network.address6].filter((text) => text !== undefined);
    this.#prefixes = own.map(prefixOf);
    this.inner = own.map((text) => text.split("/")[0] as string);
    const state = settings.core.state_dir;
    this.#sealer = new TokenSealer(clusterKeysOf(settings));
    const slices = [settings.network.pool, settings.network.pool6].filter((text) => text !== undefined);
    this.#leases = new SliceLeaseStore({
      slices: slices.map(prefixOf),
      reserved: this.#reserved(),
      openJournal: (read) => Journal.open(join(state, "leases.journal"), read),
      journalFailed: (error) => this.#failed("lease_not_journalled", "leases can't be written", error),
    });
    this.#registry = new SessionRegistry({
      leases: this.#leases,
      sealer: this.#sealer,
      rules: {
        mtu: settings.network.mtu,
        prefixes: this.#prefixes,
        home: serverId(settings),
        region: settings.cluster.region ?? "",
        tokenLifetime,
      },
      ruleOf: (identity) => this.#ruleOf(identity),
      wall: () => parts.clock.wall(),
    });
    this.#services = this.#makeServices(settings);
  }

  #makeServices(settings: ServerSettings): Services {
    const { clock, engine, events } = this.#parts;
    const clientAt = (address: string): { identity: string; session: string } | undefined => {
      const session = this.#registry.ofAddress(address);
      return session && { identity: session.identity, session: shortSession(session.id) };
    };
    return new Services({ clock, engine, events, settings, clientAt });
  }

  async start(): Promise<void> {
    await this.#applyHost();
    this.#returnPath = await ReturnPath.open(this.#settings, {
      clock: this.#parts.clock,
      tunnel: this.#settings.network.interface,
      prefixes: this.#prefixes,
      onTaken: (address, mac) => this.#taken(address, mac),
    });
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
    const { events, links } = this.#parts;
    switch (event.type) {
      case "listening":
      case "listen_failed":
        return this.#listening?.(event);
      case "refused":
        return this.#refused(event);
      case "hello":
        this.#hello(event).catch((error: unknown) => {
          this.#refuse(event.link, "internal", "");
          this.#failed("admission_failed", `${event.identity} can't be admitted`, error);
        });
        return;
      case "closed": {
        const record = links.remove(event.link);
        const session = this.#linkGone(event.link);
        if (links.size === 0) this.#draining?.resolve();
        // One that was refused has been told of already.
        if (record?.state !== "active") return;
        const facts = { identity: record.identity, remote: record.remote, reason: event.reason };
        const left = session?.links.size ?? 0;
        events.add("info", "link_down", `${record.identity} lost a link (${event.reason})`, {
          ...facts,
          links_left: left,
        });
        return;
      }
      case "spoofed":
        return events.add("warning", "spoofed_source", `${event.identity} sends from addresses that are not its own`, {
          identity: event.identity,
          session: shortSession(event.session),
        });
      case "acl_refused": {
        const { identity, session, destination } = event;
        const facts = { identity, session: shortSession(session), destination };
        return events.add("warning", "acl_refused", `${identity} may not send to ${destination}`, facts);
      }
      case "goaway": {
        // The client has another link in its place.
        const record = links.get(event.link);
        if (record !== undefined) record.state = "draining";
        return;
      }
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

  sessions(): Session[] {
    const wall = this.#parts.clock.wall();
    return [...this.#registry.sessions()].map((session) => ({
      id: shortSession(session.id),
      identity: session.identity,
      inner: [...session.addresses],
      epoch: Number(session.epoch),
      links: session.links.size,
      mtu: session.mtu,
      since_seconds: Math.round((wall - session.since) / 1000),
      expires_seconds: session.links.size > 0 ? null : Math.max(0, Math.round((session.expires - wall) / 1000)),
    }));
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

  serviceConnections(): Connection[] {
    return this.#services.connections();
  }

  act(action: BackendAction, options: { dryRun: boolean; acceptRisk: boolean }): ActionResult | undefined {
    if (action.backend !== undefined || (action.kind !== "drain" && action.kind !== "ready")) {
      return this.#services.act(action, options);
    }
    const facts = { connections_moved: this.#parts.links.size, bps_moved: 0, left: [], last_healthy: false };
    if (action.kind === "ready") {
      if (!options.dryRun) this.#takeAgain();
      return { kind: "done", message: options.dryRun ? "would take sessions again" : "takes sessions again" };
    }
    if (!options.dryRun) {
      void this.drain();
      const { deadlineMs } = action;
      this.#drainDeadline?.cancel();
      this.#drainDeadline =
        deadlineMs === undefined ? undefined : this.#parts.clock.after(deadlineMs, () => this.#endDrain());
    }
    const count = `${facts.connections_moved} connections`;
    return { kind: "done", message: options.dryRun ? `would ask ${count} to move` : `asks ${count} to move`, facts };
  }

  drain(): Promise<void> {
    if (this.#draining === undefined) {
      this.#draining = Promise.withResolvers();
      this.#parts.engine.send({ type: "draining", on: true });
      this.#parts.engine.send({ type: "goaway", link: undefined, scope: "server", reason: "drain" });
      this.#parts.events.add("info", "draining", "clients are asked to move, new sessions are refused");
    }
    if (this.#parts.links.size === 0) this.#draining.resolve();
    return this.#draining.promise;
  }

  /** Ends a drain before it was over. */
  #takeAgain(): void {
    this.#drainDeadline?.cancel();
    this.#draining?.resolve();
    if (this.#draining !== undefined) this.#parts.events.add("info", "drain_ended", "sessions are taken again");
    this.#draining = undefined;
    this.#parts.engine.send({ type: "draining", on: false });
  }

  get draining(): boolean {
    return this.#draining !== undefined;
  }

  /** The drain's deadline: what is still here is closed. */
  #endDrain(): void {
    for (const { id } of this.#registry.sessions()) {
      this.#parts.engine.send({ type: "close_session", session: id, reason: "stopping", text: "drained" });
    }
  }

  alerts(): Alert[] {
    return [...(this.#returnPath?.alerts() ?? []), ...this.#services.alerts()];
  }

  checkHealth(): void {
    this.#returnPath?.tick();
    this.#services.checkHealth();
    // A little later than the clients, who make the replacement and begin it by themselves.
    const age = 1.2 * this.#settings.security.certificates.rotation_interval;
    for (const { link } of this.#ages.due(this.#parts.links, age, this.#parts.clock.now())) {
      this.#parts.engine.send({ type: "goaway", link, scope: "link", reason: "its age" });
    }
    for (const session of this.#registry.expire()) {
      this.#parts.engine.send({ type: "close_session", session: session.id, reason: "timeout", text: "lease expired" });
      this.#parts.events.add("info", "session_expired", `session of ${session.identity} expired`, {
        identity: session.identity,
        session: shortSession(session.id),
      });
    }
    for (const session of this.#registry.stale()) this.#renewToken(session);
  }

  adjustWeights(): void {
    this.#services.adjustWeights();
  }

  settleBreakers(): void {
    this.#services.settleBreakers();
  }

  kickSession(id: string, reason: string, dryRun: boolean): ActionResult | undefined {
    const session = [...this.#registry.sessions()].find((one) => shortSession(one.id) === id || one.id === id);
    if (session === undefined) return this.#services.kick(id, reason, dryRun);
    const count = session.links.size;
    const what = `session ${shortSession(session.id)} of ${session.identity} with ${count} ${count === 1 ? "link" : "links"}`;
    if (dryRun) return { kind: "done", message: `would close ${what}`, facts: { links: count } };
    this.#parts.engine.send({ type: "close_session", session: session.id, reason: "kicked", text: reason });
    this.#remove(session);
    this.#parts.events.add("warning", "session_kicked", `closed ${what}`, { identity: session.identity, reason });
    return { kind: "done", message: `closed ${what}`, facts: { links: count } };
  }

  reload(settings: Settings): void {
    if (!isServer(settings)) return;
    const { access, services, pool, health, circuit_breaker } = settings;
    const network = { ...this.#settings.network, routes: settings.network.routes };
    const welcomeChanged = !isDeepStrictEqual([health, network], [this.#settings.health, this.#settings.network]);
    const security = { ...this.#settings.security, certificates: settings.security.certificates };
    this.#settings = { ...this.#settings, access, services, pool, health, network, circuit_breaker, security };
    this.#services.apply(this.#settings);
    this.#leases.reserve(this.#reserved());
    this.withdraw();
    this.#respec();
    const { client_to_client: allowed } = settings.access;
    this.#parts.engine.send({ type: "client_to_client", allowed });
    // A newer WELCOME takes them to the clients.
    if (welcomeChanged) for (const session of this.#registry.sessions()) this.#renewToken(session);
    this.#applyHost().catch((error: unknown) =>
      this.#failed("host_not_applied", "the host did not take the new routes", error),
    );
  }

  /** Addresses that are not leased to just anybody. */
  #reserved(): Address[] {
    return [...this.#prefixes.map(({ address }) => address), ...fixedAddresses(this.#settings)];
  }

  /** Gives sessions that are there what the settings say now. */
  #respec(): void {
    for (const session of this.#registry.sessions()) {
      const peer = this.#peers.get(session);
      if (peer !== undefined) this.#parts.engine.send({ type: "respec", session: this.#spec(session, peer) });
    }
  }

  useClusterKeys(keys: readonly ClusterKey[]): void {
    if (!this.#sealer.use(keys)) return;
    // So that the key before it can go as soon as no client is away.
    for (const session of this.#registry.sessions()) this.#renewToken(session);
  }

  withdraw(): void {
    for (const session of this.#registry.sessions()) {
      if (this.#ruleOf(session.identity) === undefined) this.#expel(session, "access was withdrawn");
    }
  }

  closeLinks(links: ReadonlySet<number>, text: string): void {
    for (const session of this.#registry.sessions()) {
      const mine = [...session.links];
      if (mine.length > 0 && mine.every((link) => links.has(link))) this.#expel(session, text);
    }
    for (const link of links) this.#parts.engine.send({ type: "close", link, reason: "denied", text });
  }

  rotate({ dryRun }: { dryRun: boolean }): ActionResult {
    return this.#rotation.begin(dryRun);
  }

  #expel(session: ServerSession, text: string): void {
    this.#parts.engine.send({ type: "close_session", session: session.id, reason: "denied", text });
    this.#remove(session);
  }

  #ruleOf(identity: string): IdentityRule {
    return this.#parts.denied(identity) ? undefined : identityRule(this.#settings, identity);
  }

  async networkChanged(): Promise<void> {
    this.#returnPath?.forwarding.networkChanged();
  }

  async close(): Promise<void> {
    this.#drainDeadline?.cancel();
    this.#rotation.stop();
    this.#services.stop();
    for (const timer of this.#lettingGo.values()) timer.cancel();
    try {
      this.#leases.compact();
    } catch (error) {
      // The journal as it is says the same, only longer.
      this.#failed("lease_not_journalled", "leases can't be written anew", error);
    }
    this.#leases.close();
    await this.#returnPath?.forwarding.close();
  }

  async #applyHost(): Promise<void> {
    const { network, access } = this.#settings;
    const report = await this.#parts.host.apply({
      mtu: network.mtu,
      addresses: [network.address, network.address6].filter((text) => text !== undefined),
      unreachable: this.#prefixes.map(formatNetwork),
      pins: [],
      routes: access.identities.flatMap(({ allowed_ips }) => allowed_ips),
    });
    for (const { what, reason } of report.refused) {
      this.#parts.events.add("warning", "host_route_refused", `${what}: ${reason}`);
    }
  }

  async #hello(event: Extract<Event, { type: "hello" }>): Promise<void> {
    const { engine, events, links, clock } = this.#parts;
    const { link, identity, remote, hello, slot, took } = event;
    if (links.get(link) !== undefined) {
      return engine.send({ type: "close", link, reason: "protocol_error", text: "a second HELLO" });
    }
    const record = links.add({
      link,
      slot,
      identity,
      session: "",
      backend: this.#settings.core.name,
      remote,
      inner: [],
      index: undefined,
      server: undefined,
      state: "configuring",
      since: clock.now(),
    });
    if (this.#draining !== undefined) {
      return this.#refuse(link, "stopping", "this server is being drained");
    }
    const outcome = await this.#registry.admit({ ...hello, link, identity });
    if (outcome.kind === "admitted") this.#displaced(outcome, identity);
    // Access may have been withdrawn while the admission waited for its turn.
    if (outcome.kind === "admitted" && this.#ruleOf(identity) === undefined) {
      this.#expel(outcome.session, "access was withdrawn");
      return this.#refuse(link, "denied", "this identity has no access");
    }
    // The link may have ended meanwhile.
    if (links.get(link) !== record) return void this.#linkGone(link);
    if (outcome.kind === "refused") {
      this.#refuse(link, outcome.reason, outcome.text);
      if (this.#toldLately(`${identity} ${outcome.reason}`)) return;
      const facts = { identity, remote, reason: outcome.reason };
      return events.add("warning", "session_refused", `${identity}: ${outcome.text}`, facts);
    }
    const { session } = outcome;
    record.session = session.id;
    record.inner = session.addresses;
    record.state = "active";
    this.#peers.set(session, hello.capabilities);
    const welcome = this.#welcome(session, outcome.token);
    const spec = this.#spec(session, hello.capabilities);
    engine.send({
      type: "admit",
      link,
      session: spec,
      welcome,
      linkIndex: hello.linkIndex,
      supersede: outcome.supersede,
    });
    // A second link changes nothing on the LAN; whoever comes from another server must be told of there.
    if (session.guest) this.#returnPath?.forwarding.release(session.addresses);
    else if (hello.intent === "new" || hello.intent === "takeover" || session.links.size === 1) this.#own(session);
    const how = { new: "opened", join: "joined", takeover: "took over", guest: "spreads" }[hello.intent];
    const facts = {
      identity,
      remote,
      session: shortSession(session.id),
      inner: session.addresses.join(" "),
      authenticate_ms: Math.round(took.authenticate),
      configure_ms: Math.round(took.configure + clock.now() - record.since),
    };
    events.add("info", "link_up", `${identity} ${how} a session from ${remote}`, { ...facts, intent: hello.intent });
  }

  #refuse(link: number, reason: SessionRefusal, text: string): void {
    this.sessionsRefused.set(reason, (this.sessionsRefused.get(reason) ?? 0) + 1);
    this.#parts.engine.send({ type: "refuse", link, reason, text });
  }

  #displaced(outcome: Extract<AdmissionOutcome, { kind: "admitted" }>, identity: string): void {
    const { engine, events, clock } = this.#parts;
    for (const { id, addresses } of outcome.displaced) {
      this.#returnPath?.forwarding.release(addresses);
      const text = "a newer session has its address";
      engine.send({ type: "close_session", session: id, reason: "superseded", text });
    }
    // One without links was left behind, by a client that lost its state or by one that is gone.
    if (!outcome.displaced.some(({ links }) => links.size > 0)) return;
    const now = clock.now();
    const recent = [...(this.#swaps.get(identity) ?? []), now].filter((at) => now - at < 60_000);
    this.#swaps.set(identity, recent);
    if (recent.length === swapsForAlarm) {
      events.add("critical", "identity_in_two_places", `${identity} has a fixed address and connects from two places`, {
        identity,
      });
    }
  }

  /** Forgets a link; a session without any is not reached here. */
  #linkGone(link: number): ServerSession | undefined {
    const session = this.#registry.ofLink(link);
    this.#registry.linkClosed(link);
    if (session?.links.size === 0) this.#returnPath?.forwarding.release(session.addresses);
    if (session?.links.size === 0 && session.guest) {
      this.#parts.engine.send({ type: "close_session", session: session.id, reason: "normal", text: "" });
      this.#registry.remove(session.id);
    }
    return session;
  }

  #own(session: ServerSession): void {
    // It hears first what others told before: that is history now.
    this.#returnPath?.forwarding.own(session.addresses);
    this.#lettingGo.get(session)?.cancel();
    this.#lettingGo.delete(session);
  }

  #remove(session: ServerSession): void {
    this.#registry.remove(session.id);
    this.#returnPath?.forwarding.release(session.addresses);
  }

  /** Another server answers for an address of a session: the client went there, and its links here are old ones. */
  #taken(address: string, mac: string): void {
    const session = this.#registry.ofAddress(address);
    if (session === undefined || session.guest || this.#lettingGo.has(session)) return;
    const { id, identity } = session;
    const facts = { identity, session: shortSession(id), mac };
    this.#parts.events.add("info", "session_taken", `${identity} is served by another server now (${mac})`, facts);
    const timer = this.#parts.clock.after(letGoAfter, () => {
      this.#lettingGo.delete(session);
      if (this.#registry.get(id) !== session) return;
      const text = "another server answers for the session";
      this.#parts.engine.send({ type: "close_session", session: id, reason: "normal", text });
      this.#remove(session);
    });
    this.#lettingGo.set(session, timer);
  }

  #welcome(session: ServerSession, token: string): Welcome {
    const { network, health, cluster } = this.#settings;
    const addresses = session.addresses.flatMap((text) => parseAddress(text) ?? []);
    return {
      version: protocolVersion,
      serverId: serverId(this.#settings),
      bootId: this.#bootId,
      clusterId: this.#sealer.clusterId,
      region: cluster.region ?? "",
      session: session.id,
      epoch: session.epoch,
      token,
      addresses: addresses.map((address) => ({ address, prefixLength: this.#prefixLength(address) })),
      gateways: this.inner.flatMap((text) => parseAddress(text) ?? []),
      routes: network.routes.map(prefixOf),
      mtu: session.mtu,
      keepaliveMs: stretched(health.interval, this.#registry.size),
      keepaliveMisses: health.fall,
      sessionCount: this.#registry.size,
      takeoverKeepsFlows: network.forwarding.mode !== "nat",
      capabilities: {
        ...this.#parts.features,
        zstd: network.compression && this.#peers.get(session)?.zstd === true,
      },
    };
  }

  #spec(session: ServerSession, peer: SessionSpec["peer"]): SessionSpec {
    const { access } = this.#settings;
    const known = access.identities.find(({ name }) => name === session.identity);
    const allowed = known?.allowed_ips ?? [];
    return {
      id: session.id,
      identity: session.identity,
      prefixes: [...session.addresses, ...allowed].map(prefixOf),
      mtu: session.mtu,
      acl: aclOf(access, known),
      peer,
    };
  }

  #prefixLength(address: Address): number {
    return this.#prefixes.find((prefix) => prefix.address.family === address.family)?.length ?? 0;
  }

  #renewToken(session: ServerSession): void {
    this.#refreshToken(session).catch((error: unknown) =>
      this.#failed("renewal_failed", `the token of ${session.identity} can't be renewed`, error),
    );
  }

  async #refreshToken(session: ServerSession): Promise<void> {
    const token = await this.#registry.renew(session);
    if (token === undefined) return;
    for (const link of session.links) {
      this.#parts.engine.send({ type: "rewelcome", link, welcome: this.#welcome(session, token) });
    }
  }

  #refused(event: Extract<Event, { type: "refused" }>): void {
    const source = event.remote.slice(0, event.remote.lastIndexOf(":"));
    if (this.#toldLately(`${source} ${event.reason}`)) return;
    const facts = { remote: event.remote, reason: event.reason };
    this.#parts.events.add(
      "warning",
      "handshake_refused",
      `${event.remote}: ${event.reason} ${event.text}`.trim(),
      facts,
    );
  }

  #failed(code: CriticalCode, what: string, error: unknown): void {
    if (!this.#toldLately(code)) this.#parts.events.add("critical", code, `${what}: ${describeError(error)}`);
  }

  /** Whether there was an event of this key a moment ago: a flood of refusals must not become a flood of events. */
  #toldLately(key: string): boolean {
    const now = this.#parts.clock.now();
    if (now - (this.#toldAt.get(key) ?? Number.NEGATIVE_INFINITY) < quietFor) return true;
    if (this.#toldAt.size > 1000) this.#toldAt.clear();
    this.#toldAt.set(key, now);
    return false;
  }
}
