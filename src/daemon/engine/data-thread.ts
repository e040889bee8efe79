import type { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import { fullLength } from "../../shared/address.ts";
import { compileAcl } from "../access/acl.ts";
import { identityOf } from "../access/identity.ts";
import { Inbound, type InboundPolicy } from "../flow/inbound.ts";
import { Tap } from "../capture/tap.ts";
import { tapFrame, tapFrames } from "./tap-frames.ts";
import { DemandWatch } from "./demand-watch.ts";
import { Spread } from "./spread.ts";
import { Outbound } from "../flow/outbound.ts";
import { Shapers } from "../flow/shapers.ts";
import type { FlowLink } from "../flow/ports.ts";
import { systemClock } from "../../shared/clock.ts";
import { Acceptor } from "../link/acceptor.ts";
import { dial, type DialTarget } from "../link/dialer.ts";
import { controlFrame, type FrameType, frameType } from "../link/frame.ts";
import { Link, type LinkHandlers } from "../link/link.ts";
import {
  type CloseReason,
  decodeHello,
  decodeWelcome,
  encodeClose,
  encodeGoaway,
  encodeHello,
  encodeWelcome,
  protocolVersion,
  type Welcome,
} from "../link/messages.ts";
import type { Authentication } from "../link/peer.ts";
import { type LivenessRules, stretched } from "../link/liveness.ts";
import { LandingPool } from "../link/receiver.ts";
import { LoopMeter } from "../metrics/loop-delay.ts";
import { TrafficSampler } from "../metrics/traffic-sampler.ts";
import { counterIndex } from "../metrics/counters.ts";
import { type LinkField, linkField, LinkSlots } from "../metrics/link-slots.ts";
import { SessionTable } from "../session/session-table.ts";
import { describeDestination } from "../packet/describe.ts";
import type { DataSession, SessionSpec } from "../session/data-session.ts";
import { clientTlsOptions, serverTlsOptions } from "../tls/options.ts";
import { refusalReason } from "../tls/refusal.ts";
import type { TlsMaterial } from "../tls/material.ts";
import { authoritiesOf, type PeerCertificate, peerCertificate } from "../tls/trust.ts";
import { checkPeer } from "../tls/peer.ts";
import type { TunDevice } from "../tun/device.ts";
import type { Command, DataThreadOptions, Event, LinkTimes } from "./messages.ts";
import { SessionLimits } from "./session-limits.ts";
import { ServiceHost } from "./service-host.ts";

const tickMs = 250;
/** What a capture may copy between two ticks: 64 MB a second. */
const tapBytesPerTurn = 16 * 1024 * 1024;
const ticksPerSecond = 4;
/** A server that asks for more between PINGs has many sessions; below it a client does as its own settings say. */
const usualInterval = 5000;
/** HELLO must follow the handshake within this. */
const helloDeadline = 3000;
/** For the control plane to answer a HELLO: many come at once when a server is restarted. */
const admissionDeadline = 10_000;
/** A client's packets wait in the kernel's queue for this long after its last link went. */
const holdFor = 10_000;
/** What waits in a session's own queue is of use for so long after its last link went. */
const keepFor = 2_000;
/** Between two events about what one session sends. */
const quietFor = 10_000;
/** A server that was asked to finish a link has this long for it. */
const retireDeadline = 10_000;
const readBufferBytes = 512 * 1024;
const landingBytes = 512 * 1024;

const monotonic = (): number => systemClock.now();

interface Secured {
  readonly socket: TLSSocket;
  readonly identity: string;
  readonly remote: string;
  readonly authenticateMs: number;
}

interface Held {
  readonly link: Link;
  readonly authenticateMs: number;
  readonly securedAt: number;
  readonly slot: number;
  session: DataSession<FlowLink> | undefined;
  readonly certificate: PeerCertificate;
  /** Server: HELLO has come. */
  greeted: boolean;
  /** Client: HELLO offered COMPRESSED frames. */
  offersCompression: boolean;
  /** Client: the session that HELLO named. */
  named: string | undefined;
  /** Client: what its server said last. */
  welcome: Welcome | undefined;
}

/** The wiring of one data thread: TUN queue, links, sessions and the two flows between them. */
export class DataThread {
  readonly #options: DataThreadOptions;
  readonly #emit: (event: Event) => void;
  readonly #links = new Map<number, Held>();
  readonly #sessions = new SessionTable<FlowLink>(() => performance.now());
  readonly #landing: LandingPool;
  readonly #slots: LinkSlots;
  readonly #shapers: Shapers;
  readonly #limits: SessionLimits;
  readonly #outbound: Outbound;
  readonly #inbound: Inbound;
  readonly #ticker: NodeJS.Timeout;
  readonly #spoofedAt = new Map<string, number>();
  readonly #refusedAt = new Map<string, number>();
  /** Sessions whose last link went a moment ago. */
  readonly #linkless = new Map<DataSession<FlowLink>, number>();
  #rules: LivenessRules;
  /** One object for all links, which changes under them. */
  readonly #liveness: LivenessRules;
  /** What a client's server asks it to wait between PINGs, at least. */
  #asked = 0;
  readonly #policy: { -readonly [Key in keyof InboundPolicy]: InboundPolicy[Key] };
  readonly #services: ServiceHost;
  #material: TlsMaterial;
  #authorities: readonly X509Certificate[];
  #acceptor: Acceptor | undefined;
  #nextLink = 1;
  #linklessSince: number | undefined;
  readonly #meter: LoopMeter;
  readonly #sampler: TrafficSampler | undefined;
  #ticks = 0;
  #load = 0;
  readonly #stopped = new AbortController();
  #demand: DemandWatch | undefined;
  #tap: Tap | undefined;
  #draining = false;
  #spread: Spread | undefined;
  #downTold = false;

  constructor(device: TunDevice, options: DataThreadOptions, emit: (event: Event) => void) {
    this.#options = options;
    this.#emit = emit;
    this.#material = options.material;
    this.#authorities = authoritiesOf(options.material);
    this.#rules = options.liveness;
    this.#liveness = { ...options.liveness };
    this.#landing = new LandingPool((size) => device.allocate(size), landingBytes);
    this.#slots = new LinkSlots(options.linkSlots);
    this.#meter = new LoopMeter(options.loop);
    this.#sampler = options.sampling ? new TrafficSampler(options.mode) : undefined;
    const down = (): void => this.#tunDown();
    this.#shapers = new Shapers({
      clock: systemClock,
      counters: options.counters,
      queueBytes: options.queueBytes,
      waited: (session, by) => this.#waited(session, by),
    });
    this.#limits = new SessionLimits({ now: monotonic, options, shapers: this.#shapers, emit });
    this.#outbound = new Outbound({
      device,
      destinations: this.#destinations(),
      counters: options.counters,
      rules: { readBufferBytes, readBuffers: 4 },
      sampler: this.#sampler,
      shapers: this.#shapers,
      now: monotonic,
      down,
    });
    this.#policy = {
      anySource: options.mode === "client",
      clientToClient: options.clientToClient,
      owner4: (word) => (options.mode === "client" ? undefined : this.#sessions.owner4(word)),
      owner6: (a, b, c, d) => (options.mode === "client" ? undefined : this.#sessions.owner6(a, b, c, d)),
    };
    this.#inbound = new Inbound({
      device,
      counters: options.counters,
      policy: this.#policy,
      shapers: this.#shapers,
      limits: this.#limits.fromPeers,
      sampler: this.#sampler,
      now: monotonic,
      down,
      spoofed: (session) => this.#spoofed(session),
      refused: (session, bytes, packet, size) => this.#refused(session, bytes, packet, size),
    });
    this.#services = new ServiceHost(options.keepAlive, this.#limits, emit);
    this.#outbound.start();
    this.#ticker = setInterval(() => this.#tick(), tickMs);
  }

  handle(command: Command): void {
    switch (command.type) {
      case "listen":
        return this.#listen(command.host, command.port);
      case "renew":
        this.#material = command.material;
        this.#authorities = authoritiesOf(command.material);
        return this.#acceptor?.renew(serverTlsOptions(command.material));
      case "limits":
        this.#limits.configure(command.rules, this.#sessions);
        return this.#services.limit();
      case "dial":
        return void this.#dial(command);
      case "probe":
        return void this.#probe(command);
      case "admit":
        return this.#admit(command);
      case "refuse":
      case "close":
        return this.#links.get(command.link)?.link.close(command.reason, command.text);
      case "rewelcome":
        return this.#links.get(command.link)?.link.control(frameType.welcome, encodeWelcome(command.welcome));
      case "respec":
        if (this.#sessions.get(command.session.id) !== undefined) this.#put(command.session);
        return;
      case "rules":
        this.#rules = command.liveness;
        this.#stretch();
        return this.#acceptor?.limit(command.admission);
      case "client_to_client":
        this.#policy.clientToClient = command.allowed;
        return;
      case "retire":
        return this.#retire(command.link, command.afterMs);
      case "draining":
        this.#draining = command.on;
        return;
      case "tap":
        this.#tap = command.on === undefined ? undefined : this.#openTap(command.on.session);
        return;
      case "spread":
        if (this.#spread?.strategy !== command.strategy) this.#spread = new Spread(command.strategy);
        this.#spread.use(command.servers);
        for (const session of this.#sessions) session.spread(this.#spread.choose);
        return;
      case "watch_demand":
        this.#demand = command.on ? new DemandWatch((flows) => this.#emit({ type: "demand", flows })) : undefined;
        return;
      case "close_session":
        return this.#closeSession(command.session, command.reason, command.text);
      case "goaway": {
        const body = encodeGoaway(command.scope, command.reason);
        for (const { link } of this.#links.values()) {
          if (command.link !== undefined && command.link !== link.id) continue;
          if (link.state.kind === "active") link.control(frameType.goaway, body);
        }
        return;
      }
      case "publish":
        return this.#services.publish(command.seq, command.services);
      case "service_kick":
        return this.#services.kick(command.connection);
      case "service_cut":
        return this.#services.cut(command.service, command.endpoint);
      case "stop":
        return this.#stop(command.reason);
    }
  }

  #destinations(): ConstructorParameters<typeof Outbound>[0]["destinations"] {
    const sessions = this.#sessions;
    const links = this.#links;
    if (this.#options.mode === "server") {
      return {
        owner4: (word) => sessions.owner4(word),
        owner6: (a, b, c, d) => sessions.owner6(a, b, c, d),
        nobody: this.#options.clustered ? "not_here" : "no_session",
        get exclusive() {
          return links.size <= 1;
        },
        only: undefined,
      };
    }
    const only = (): DataSession<FlowLink> | undefined => sessions[Symbol.iterator]().next().value;
    return {
      owner4: only,
      owner6: only,
      nobody: "no_session",
      // A link that stalls must not hold the others' packets back.
      get exclusive() {
        return (only()?.links.length ?? 0) <= 1;
      },
      get only() {
        return only();
      },
    };
  }

  #listen(host: string, port: number): void {
    const acceptor = new Acceptor({
      tls: serverTlsOptions(this.#material),
      rules: this.#options.admission,
      keepAlive: this.#options.keepAlive,
      now: () => performance.now(),
      authentication: authentication("client"),
      handlers: {
        refused: (remote, reason, text) => this.#emit({ type: "refused", remote, reason, text }),
        secured: (socket, identity, remote, took) => {
          const id = this.#nextLink++;
          this.#open(id, { socket, identity, remote, authenticateMs: took }, helloDeadline);
        },
      },
    });
    this.#acceptor = acceptor;
    acceptor.listen(host, port).then(
      (bound) => this.#emit({ type: "listening", port: bound }),
      (error: NodeJS.ErrnoException) =>
        this.#emit({ type: "listen_failed", code: error.code ?? "", message: error.message }),
    );
  }

  async #dial(command: Extract<Command, { type: "dial" }>): Promise<void> {
    const begun = performance.now();
    const connected = (): void => this.#emit({ type: "connected", link: command.link });
    const outcome = await this.#connect(command.target, command.timeoutMs, connected);
    if (outcome.kind === "failed") {
      return this.#emit({ type: "dial_failed", link: command.link, reason: outcome.reason, text: outcome.text });
    }
    if (this.#stopped.signal.aborted) return void outcome.socket.destroy();
    const rest = Math.max(1, command.timeoutMs - (performance.now() - begun));
    const held = this.#open(command.link, { ...outcome, identity: command.target.identity }, rest);
    if (held === undefined) {
      const text = "core.max_connections links are open";
      return this.#emit({ type: "dial_failed", link: command.link, reason: "server_full", text });
    }
    held.link.index = command.hello.linkIndex;
    held.offersCompression = command.hello.capabilities.zstd;
    held.named = command.hello.session;
    held.link.group = command.group;
    held.link.control(frameType.hello, encodeHello(command.hello));
    const { link, certificate } = held;
    this.#emit({ type: "secured", link: link.id, remote: outcome.remote, local: outcome.local, certificate });
  }

  async #probe({ name, target, timeoutMs }: Extract<Command, { type: "probe" }>): Promise<void> {
    const outcome = await this.#connect(target, timeoutMs);
    if (outcome.kind === "secured") outcome.socket.end();
    const reason = outcome.kind === "failed" ? outcome.reason : undefined;
    this.#emit({ type: "probed", name, reason, text: outcome.kind === "failed" ? outcome.text : "" });
  }

  #connect(target: DialTarget, timeout: number, connected?: () => void): ReturnType<typeof dial> {
    return dial(target, {
      tls: clientTlsOptions(this.#material, target.serverName),
      timeout,
      keepAlive: this.#options.keepAlive,
      authentication: authentication("server"),
      connected,
      signal: this.#stopped.signal,
    });
  }

  #open(id: number, secured: Secured, greetingWithin: number): Held | undefined {
    const { socket, identity, remote, authenticateMs } = secured;
    const slot = this.#slots.take();
    if (slot === undefined) {
      socket.write(controlFrame(frameType.close, encodeClose("server_full", "")));
      socket.destroySoon();
      this.#emit({ type: "refused", remote, reason: "server_full", text: "core.max_connections links are open" });
      return undefined;
    }
    const link = new Link({
      id,
      identity,
      remote,
      socket,
      handlers: this.#linkHandlers,
      landing: this.#landing,
      liveness: this.#liveness,
      wear: this.#options.wear,
      greetingBy: performance.now() + greetingWithin,
      now: () => performance.now(),
    });
    const securedAt = performance.now();
    const held: Held = {
      link,
      slot,
      authenticateMs,
      securedAt,
      session: undefined,
      certificate: this.#certificateOf(socket),
      greeted: false,
      offersCompression: false,
      named: undefined,
      welcome: undefined,
    };
    this.#links.set(id, held);
    link.start();
    return held;
  }

  #certificateOf(socket: TLSSocket): PeerCertificate {
    const certificate = socket.getPeerX509Certificate();
    // The connection may have ended; whatever it still says is not listened to.
    if (certificate === undefined) return { serial: "", issuer: "", notAfterMs: 0 };
    return peerCertificate(certificate, this.#authorities);
  }

  readonly #linkHandlers: LinkHandlers = {
    greeting: (link, type, body) => this.#greeting(link, type, body),
    packet: (link, type, memory, body, length) => {
      const session = this.#links.get(link.id)?.session;
      this.#demand?.arrived(type, memory.bytes, body, length);
      if (session !== undefined) tapFrame(this.#tap, session.id, type, memory.bytes, body, length);
      if (session !== undefined) this.#inbound.accept(session, type, memory, body, length);
    },
    settled: () => this.#inbound.settle(),
    packed: (before, after) => {
      this.#options.counters[counterIndex.compressible_bytes]! += before;
      this.#options.counters[counterIndex.compressed_bytes]! += after;
    },
    sending: (link, frames, innerBytes) => {
      this.#demand?.sending(frames, innerBytes);
      const session = this.#links.get(link.id)?.session;
      if (session !== undefined) tapFrames(this.#tap, session.id, frames);
    },
    room: (link) => {
      const session = this.#links.get(link.id)?.session;
      if (session === undefined) return;
      this.#shapers.wake(session);
      this.#shapers.run();
      this.#outbound.resume();
    },
    pong: (link, rtt, { load, sessionCount: sessions, drain }) => {
      const held = this.#links.get(link.id);
      if (held !== undefined) this.#slots.values[held.slot + linkField.rtt_ms] = rtt;
      if (this.#options.mode === "server") return;
      this.#emit({ type: "pong", link: link.id, load, sessions, draining: drain !== 0 });
    },
    worn: (link) => {
      if (this.#options.mode === "client") return this.#emit({ type: "worn", link: link.id });
      link.control(frameType.goaway, encodeGoaway("link", "its keys are worn"));
    },
    draining: () => this.#draining,
    goaway: (link, scope, reason) => {
      if (this.#options.mode === "server") this.#finish(link);
      this.#emit({ type: "goaway", link: link.id, scope, reason });
    },
    closed: (link, reason, text, unsent) => this.#closed(link, reason, text, unsent),
    load: () => this.#load,
    sessionCount: () => this.#sessions.size,
  };

  #greeting(link: Link, type: FrameType, body: Buffer): void {
    const held = this.#links.get(link.id);
    if (held === undefined) return;
    if (this.#options.mode === "server") {
      if (type !== frameType.hello) return link.close("protocol_error", "unexpected WELCOME");
      if (held.greeted) return link.close("protocol_error", "a second HELLO");
      held.greeted = true;
      const hello = decodeHello(body);
      if (hello === undefined) return link.close("protocol_error", "malformed HELLO");
      if (hello.version !== protocolVersion) return link.close("version", `this end speaks version ${protocolVersion}`);
      link.state = { kind: "configuring", until: performance.now() + admissionDeadline };
      const { identity, remote } = link;
      const { slot, certificate } = held;
      const took = timesOf(held);
      return this.#emit({ type: "hello", link: link.id, slot, remote, identity, certificate, took, hello });
    }
    if (type !== frameType.welcome) return link.close("protocol_error", "unexpected HELLO");
    const welcome = decodeWelcome(body);
    if (welcome === undefined) return link.close("protocol_error", "malformed WELCOME");
    this.#welcomed(held, welcome);
  }

  /** A client's link is up. */
  #welcomed(held: Held, welcome: Welcome): void {
    const { link, named } = held;
    // One server of several must not end the session that the others have.
    if (named !== undefined && named !== welcome.session)
      return link.close("protocol_error", "another session's WELCOME");
    for (const session of this.#sessions) {
      if (session.id !== welcome.session)
        this.#closeSession(session.id, "superseded", "another session took its place");
    }
    held.welcome = welcome;
    // A flow may go over any of the session's links, whose servers need not be alike.
    const said = [...this.#links.values()].flatMap((one) => one.welcome ?? []);
    const all = (feature: keyof SessionSpec["peer"]): boolean =>
      said.every(({ capabilities }) => capabilities[feature]);
    const session = this.#sessions.put({
      id: welcome.session,
      identity: link.identity,
      prefixes: welcome.addresses.map(({ address }) => ({ address, length: fullLength(address) })),
      mtu: Math.min(this.#options.mtu, ...said.map(({ mtu }) => mtu)),
      peer: { checksum: all("checksum"), tso4: all("tso4"), tso6: all("tso6"), uso: all("uso") },
      acl: [],
    });
    if (this.#spread !== undefined) session.spread(this.#spread.choose);
    if (held.session === undefined) {
      if (held.offersCompression && welcome.capabilities.zstd) link.compress();
      this.#join(held, session);
    }
    this.#asked = welcome.keepaliveMs > usualInterval ? welcome.keepaliveMs : 0;
    const { slot } = held;
    this.#emit({ type: "welcome", link: link.id, slot, remote: link.remote, took: timesOf(held), welcome });
  }

  #admit(command: Extract<Command, { type: "admit" }>): void {
    const held = this.#links.get(command.link);
    if (held === undefined || held.link.state.kind !== "configuring") return;
    const session = this.#put(command.session);
    held.link.index = command.linkIndex;
    const ended = session.links.filter((other) => command.supersede || other.index === command.linkIndex);
    held.link.control(frameType.welcome, encodeWelcome(command.welcome));
    if (command.welcome.capabilities.zstd) held.link.compress();
    this.#join(held, session);
    for (const other of ended) this.#links.get(other.id)?.link.close("superseded", "a newer link took its place");
  }

  #put(spec: SessionSpec): DataSession<FlowLink> {
    const session = this.#sessions.put(spec);
    session.filter = compileAcl(spec.acl);
    return session;
  }

  #join(held: Held, session: DataSession<FlowLink>): void {
    held.session = session;
    held.link.activate();
    session.add(held.link);
    this.#linkless.delete(session);
    this.#linklessSince = undefined;
    this.#limits.apply(session);
    this.#outbound.release();
  }

  #closed(link: Link, reason: string, text: string, unsent: number): void {
    const held = this.#links.get(link.id);
    if (held === undefined) return;
    this.#links.delete(link.id);
    this.#slots.giveBack(held.slot);
    this.#options.counters[counterIndex.link_closed]! += unsent;
    held.session?.remove(link);
    if (held.session?.links.length === 0) this.#linkless.set(held.session, performance.now());
    if (held.session?.links.length === 0 && this.#options.mode === "client") {
      this.#linklessSince = performance.now();
      this.#outbound.hold();
    }
    this.#outbound.resume();
    this.#emit({ type: "closed", link: link.id, reason, text });
  }

  #closeSession(id: string, reason: CloseReason, text: string): void {
    // Also those that the client has left and not closed yet.
    for (const { link, session } of this.#links.values()) if (session?.id === id) link.close(reason, text);
    const gone = this.#sessions.remove(id);
    if (gone !== undefined) {
      const last = ![...this.#sessions].some(({ identity }) => identity === gone.identity);
      this.#limits.forget(gone, last);
      this.#linkless.delete(gone);
    }
    this.#spoofedAt.delete(id);
    this.#refusedAt.delete(id);
  }

  /** A client's link: its flows go elsewhere, the server is asked for the same, and ends it behind its last frame. */
  #retire(id: number, after: number): void {
    const held = this.#links.get(id);
    if (held === undefined) return;
    const { link } = held;
    held.session?.remove(link);
    const ask = (): void => link.control(frameType.goaway, encodeGoaway("link", "another link took its place"));
    if (after === 0) ask();
    // Timers that don't keep a thread that was stopped.
    else setTimeout(ask, after).unref();
    setTimeout(() => link.close("normal", "another link took its place"), after + retireDeadline).unref();
  }

  /** A server's link whose client sends nothing more on it. */
  #finish(link: Link): void {
    this.#links.get(link.id)?.session?.remove(link);
    link.finish("normal", "another link took its place");
  }

  #spoofed({ id, identity }: DataSession<FlowLink>): void {
    if (!toldLately(this.#spoofedAt, id)) this.#emit({ type: "spoofed", session: id, identity });
  }

  #refused({ id, identity }: DataSession<FlowLink>, bytes: Buffer, packet: number, size: number): void {
    if (toldLately(this.#refusedAt, id)) return;
    const destination = describeDestination(bytes, packet, size);
    this.#emit({ type: "acl_refused", session: id, identity, destination });
  }

  #openTap(session: string | undefined): Tap {
    return new Tap({
      session,
      emit: (chunk) => this.#emit({ type: "captured", ...chunk }),
      wall: () => systemClock.wall(),
      bytesPerTurn: tapBytesPerTurn,
    });
  }

  #tellSample(): void {
    const destinations = this.#sampler?.take() ?? [];
    if (destinations.length > 0) this.#emit({ type: "sampled", destinations });
  }

  #tick(): void {
    this.#ticks += 1;
    if (this.#ticks % ticksPerSecond === 0) this.#tellSample();
    this.#acceptor?.tick();
    this.#demand?.tick();
    this.#tap?.flush();
    this.#services.tick();
    const { values } = this.#slots;
    for (const { link, slot } of this.#links.values()) {
      link.tick();
      values[slot + linkField.rx_bytes] = link.rxBytes;
      values[slot + linkField.tx_bytes] = link.txBytes;
      values[slot + linkField.queued_bytes] = link.queuedBytes;
      if (link.room <= 0) values[slot + linkField.window_waits]! += 1;
    }
    this.#limits.tell();
    this.#dropStale();
    if (this.#linklessSince !== undefined && performance.now() - this.#linklessSince > holdFor) {
      this.#linklessSince = undefined;
      this.#outbound.release();
    }
    this.#load = Math.round(this.#meter.sample() * 100);
    this.#stretch();
  }

  /** What waits for those who have no link must not take the room of those who have. */
  #dropStale(): void {
    const before = performance.now() - keepFor;
    for (const [session, since] of this.#linkless) {
      if (since > before) return;
      this.#linkless.delete(session);
      this.#shapers.drop(session);
    }
  }

  /** Keepalives cost a server with many sessions no more than one with some. */
  #stretch(): void {
    const interval = stretched(this.#rules.interval, this.#options.mode === "server" ? this.#sessions.size : 0);
    Object.assign(this.#liveness, this.#rules, { interval: Math.max(interval, this.#asked) });
  }

  /** Its packets had to wait, for tokens or for a link that is full. */
  #waited(session: DataSession<FlowLink>, by: "bucket" | "window"): void {
    const field: LinkField = by === "bucket" ? "bucket_waits" : "window_waits";
    for (const { id, room } of session.links) {
      const held = this.#links.get(id);
      if (held === undefined || (by === "window" && room > 0)) continue;
      this.#slots.values[held.slot + linkField[field]]! += 1;
    }
  }

  #tunDown(): void {
    this.#outbound.hold();
    if (!this.#stopped.signal.aborted && !this.#downTold) this.#emit({ type: "tun_down" });
    this.#downTold = true;
  }

  #stop(reason: CloseReason): void {
    this.#stopped.abort();
    clearInterval(this.#ticker);
    this.#meter.stop();
    this.#outbound.hold();
    this.#acceptor?.close();
    this.#shapers.stop();
    this.#services.close();
    for (const { link } of this.#links.values()) link.close(reason, "");
    this.#emit({ type: "stopped" });
  }
}

/** Whether there was an event about this session a moment ago; if not, there is one now. */
function toldLately(at: Map<string, number>, session: string): boolean {
  const now = performance.now();
  if (now - (at.get(session) ?? Number.NEGATIVE_INFINITY) < quietFor) return true;
  at.set(session, now);
  return false;
}

function timesOf({ authenticateMs, securedAt }: Held): LinkTimes {
  return { authenticate: authenticateMs, configure: performance.now() - securedAt };
}

function authentication(peerRole: "server" | "client"): Authentication {
  return {
    peer(socket) {
      const peer = checkPeer(socket, peerRole);
      return peer.kind === "refused" ? peer : identityOf(peer.certificate);
    },
    reasonOf: refusalReason,
  };
}
