import { systemClock } from "../../shared/clock.ts";
import { Inbound, type InboundPolicy } from "../flow/inbound.ts";
import { Delivery } from "../flow/delivery.ts";
import { HandedOver } from "../flow/handed-over.ts";
import { MoveOver } from "../flow/move-over.ts";
import { Outbound } from "../flow/outbound.ts";
import type { FlowLink, HandOver } from "../flow/ports.ts";
import { Shapers } from "../flow/shapers.ts";
import { frameType } from "../link/frame.ts";
import type { LoopLook } from "../link/handshake-budget.ts";
import type { LinkHandlers } from "../link/link.ts";
import { type CloseReason, encodeGoaway, encodeWelcome } from "../link/messages.ts";
import { counterIndex } from "../metrics/counters.ts";
import { LoopMeter } from "../metrics/loop-delay.ts";
import { TrafficSampler } from "../metrics/traffic-sampler.ts";
import { SessionTable } from "../session/session-table.ts";
import { yieldProcessor } from "../sys/scheduling.ts";
import type { TunDevice } from "../tun/device.ts";
import { Complaints } from "./complaints.ts";
import { Connections } from "./connections.ts";
import { clientAt, destinations } from "./destinations.ts";
import { FrameWatch } from "./frame-watch.ts";
import { Greeter } from "./greeter.ts";
import { type Arrivals, ThreadHandOver } from "./handover.ts";
import { Keepalive } from "./keepalive.ts";
import { LinkEnds } from "./link-ends.ts";
import { LinkLoss } from "./link-loss.ts";
import { LinkTable } from "./link-table.ts";
import type { Command, DataThreadOptions, Event } from "./messages.ts";
import { PacketBuffers } from "./packet-buffers.ts";
import { ServiceHost } from "./service-host.ts";
import { SessionLimits } from "./session-limits.ts";
import { ThreadSessions } from "./thread-sessions.ts";

const tickMs = 250;
const ticksPerSecond = 4;

const monotonic = (): number => systemClock.now();

/** The wiring of one data thread: TUN queue, links, sessions and the two flows between them. */
export class DataThread {
  readonly #options: DataThreadOptions;
  readonly #emit: (event: Event) => void;
  readonly #sessionTable = new SessionTable<FlowLink>(() => performance.now());
  readonly #buffers: PacketBuffers;
  readonly #links: LinkTable;
  readonly #sessions: ThreadSessions;
  readonly #connections: Connections;
  readonly #greeter: Greeter;
  readonly #ends: LinkEnds;
  readonly #loss: LinkLoss;
  readonly #keepalive: Keepalive;
  readonly #watch: FrameWatch;
  readonly #shapers: Shapers;
  readonly #limits: SessionLimits;
  readonly #outbound: Outbound;
  readonly #inbound: Inbound;
  readonly #policy: { -readonly [Key in keyof InboundPolicy]: InboundPolicy[Key] };
  readonly #services: ServiceHost;
  readonly #handOver: ThreadHandOver | undefined;
  readonly #sampler: TrafficSampler | undefined;
  readonly #meter: LoopMeter;
  readonly #ticker: NodeJS.Timeout;
  readonly #stopped = new AbortController();
  #ticks = 0;
  #load = 0;
  #lookedAt = monotonic();
  #frames = 0;
  #draining = false;
  #downTold = false;

  constructor(device: TunDevice, options: DataThreadOptions, emit: (event: Event) => void) {
    this.#options = options;
    this.#emit = emit;
    const { mode, counters, mtu } = options;
    const table = this.#sessionTable;
    const keepalive = new Keepalive(options.liveness, () => (mode === "server" ? table.size : 0));
    const handlers = (): LinkHandlers => this.#linkHandlers;
    const buffers = new PacketBuffers(device, options.buffers, counters, monotonic());
    const links = new LinkTable({ landing: buffers.landing, options, liveness: keepalive.rules, handlers, emit });
    this.#meter = new LoopMeter(options.loop);
    this.#sampler = options.sampling ? new TrafficSampler(mode) : undefined;
    const shapers = new Shapers({
      clock: systemClock,
      counters,
      queueBytes: options.queueBytes,
      waited: (session, by) => links.waited(session, by),
    });
    const limits = new SessionLimits({ now: monotonic, options, shapers, emit });
    const complaints = new Complaints(emit);
    this.#policy = {
      anySource: mode === "client",
      clientToClient: options.clientToClient,
      owner4: (word) => (mode === "client" ? undefined : table.owner4(word)),
      owner6: (a, b, c, d) => (mode === "client" ? undefined : table.owner6(a, b, c, d)),
    };
    const whither = destinations(options, table, links);
    const delivery = new Delivery({ counters, shapers, now: monotonic });
    const handOver = joinTeam(options, (onward) => {
      const handedOver = new HandedOver({ destinations: whither, delivery, onward, counters });
      return { accept: handedOver.accept.bind(handedOver), settle: () => shapers.run() };
    });
    const way = {
      device,
      counters,
      shapers,
      handOver,
      delivery,
      sampler: this.#sampler,
      now: monotonic,
      down: () => this.#tunDown(),
    };
    this.#outbound = new Outbound({ ...way, destinations: whither, buffers: buffers.read });
    this.#inbound = new Inbound({
      ...way,
      policy: this.#policy,
      limits: limits.fromPeers,
      spoofed: (session) => complaints.spoofed(session),
      refused: (session, bytes, packet, size) => complaints.refused(session, bytes, packet, size),
      yieldProcessor,
    });
    const loss = new LinkLoss(mode, this.#outbound, shapers);
    const thread = options.team?.index ?? 0;
    const moveOver = handOver && new MoveOver({ shapers, handOver, counters });
    const sessions = new ThreadSessions({ mtu, table, links, limits, loss, complaints, thread, moveOver });
    this.#connections = new Connections({ options, links, stopped: this.#stopped.signal, emit });
    this.#greeter = new Greeter({ mode, links, sessions, keepalive, emit });
    this.#ends = new LinkEnds({ options, links, loss, outbound: this.#outbound, moveOver, emit });
    this.#watch = new FrameWatch(emit);
    const { keepAlive, team } = options;
    const whoseIs = (address: string): ReturnType<typeof clientAt> => clientAt(table, address);
    this.#services = new ServiceHost({ keepAlive, limits, clientAt: whoseIs, emit, team });
    this.#handOver = handOver;
    this.#buffers = buffers;
    this.#links = links;
    this.#sessions = sessions;
    this.#loss = loss;
    this.#keepalive = keepalive;
    this.#shapers = shapers;
    this.#limits = limits;
    this.#outbound.start();
    this.#ticker = setInterval(() => this.#tick(), tickMs);
  }

  handle(command: Command): void {
    switch (command.type) {
      case "listen":
        return this.#connections.listen(command.host, command.port);
      case "renew":
        return this.#connections.renew(command.material);
      case "limits":
        this.#limits.configure(command.rules, this.#sessionTable);
        return this.#services.limit();
      case "change_limits":
        this.#limits.change(command.changes, this.#sessionTable);
        return this.#services.limit();
      case "dial":
        return void this.#connections.dial(command);
      case "probe":
        return void this.#connections.probe(command);
      case "admit":
        return this.#greeter.admit(command);
      case "refuse":
      case "close":
        this.#connections.cut(command.link);
        return this.#ends.close(command.link, command.reason, command.text);
      case "rewelcome":
        return this.#links.get(command.link)?.link.control(frameType.welcome, encodeWelcome(command.welcome));
      case "know":
        return this.#sessions.know(command);
      case "holders":
        return this.#sessions.hold(command.session, command.threads);
      case "bucket_shared":
        return this.#limits.share(command);
      case "respec":
        return this.#sessions.respec(command.session);
      case "rules":
        this.#keepalive.use(command.liveness);
        this.#buffers.use(command.buffers);
        return this.#connections.limit(command.admission);
      case "client_to_client":
        this.#policy.clientToClient = command.allowed;
        return;
      case "retire":
        return this.#ends.retire(command.link, command.afterMs);
      case "draining":
        this.#draining = command.on;
        return;
      case "tap":
        return this.#watch.tap(command.on);
      case "spread":
        return this.#sessions.spread(command.strategy, command.servers);
      case "watch_demand":
        return this.#watch.watchDemand(command.on);
      case "close_session":
        return this.#sessions.close(command.session, command.reason, command.text);
      case "goaway":
        return this.#ends.askToLeave(command);
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

  readonly #linkHandlers: LinkHandlers = {
    greeting: (link, type, body) => this.#greeter.greeting(link, type, body),
    packet: (link, type, memory, body, length) => {
      const session = this.#links.get(link.id)?.session;
      this.#watch.arrived(session, type, memory.bytes, body, length);
      if (session !== undefined) this.#inbound.accept(session, type, memory, body, length);
    },
    settled: () => this.#inbound.settle(),
    packed: (before, after) => {
      this.#options.counters[counterIndex.compressible_bytes]! += before;
      this.#options.counters[counterIndex.compressed_bytes]! += after;
    },
    sending: (link, frames, innerBytes) => {
      this.#watch.sending(this.#links.get(link.id)?.session, frames, innerBytes);
    },
    room: (link) => {
      const session = this.#links.get(link.id)?.session;
      if (session === undefined) return;
      this.#shapers.wake(session);
      this.#shapers.run();
      this.#outbound.resume();
    },
    pong: (link, rtt, { load, sessionCount: sessions, drain }) => {
      this.#links.answered(link, rtt);
      if (this.#options.mode === "server") return;
      this.#emit({ type: "pong", link: link.id, load, sessions, draining: drain !== 0 });
    },
    worn: (link) => {
      if (this.#options.mode === "client") return this.#emit({ type: "worn", link: link.id });
      link.control(frameType.goaway, encodeGoaway("link", "its keys are worn"));
    },
    draining: () => this.#draining,
    goaway: (link, scope, reason) => {
      this.#emit({ type: "goaway", link: link.id, scope, reason });
      // It may end in this very call.
      if (this.#options.mode === "server") this.#ends.finish(link);
    },
    closed: (link, reason, text, unsent) => this.#ends.closed(link, reason, text, unsent),
    load: () => this.#load,
    sessionCount: () => this.#sessionTable.size,
  };

  #tick(): void {
    this.#ticks += 1;
    if (this.#ticks % ticksPerSecond === 0) this.#tellSample();
    this.#connections.tick(this.#look());
    this.#watch.tick();
    this.#services.tick();
    this.#links.tick();
    this.#buffers.tick(monotonic());
    this.#limits.tell();
    this.#loss.tick();
    this.#keepalive.stretch();
  }

  /** What the loop did since the last tick. */
  #look(): LoopLook {
    const { counters } = this.#options;
    const now = monotonic();
    const utilization = this.#meter.sample();
    const frames = counters[counterIndex.frames_accepted]! + counters[counterIndex.frames_injected]!;
    const look = { busy: utilization * (now - this.#lookedAt), active: frames !== this.#frames };
    this.#load = Math.round(utilization * 100);
    this.#lookedAt = now;
    this.#frames = frames;
    return look;
  }

  #tellSample(): void {
    const found = this.#sampler?.take() ?? [];
    if (found.length > 0) this.#emit({ type: "sampled", destinations: found });
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
    this.#connections.close();
    this.#shapers.stop();
    this.#services.close();
    this.#handOver?.close();
    for (const { link } of this.#links) link.close(reason, "");
    this.#emit({ type: "stopped" });
  }
}

/** The rings to and from the other data threads, if there are any. */
function joinTeam({ team }: DataThreadOptions, arrivals: (onward: HandOver) => Arrivals): ThreadHandOver | undefined {
  if (team === undefined) return undefined;
  const handOver: ThreadHandOver = new ThreadHandOver(team, () => there);
  const there = arrivals(handOver);
  return handOver;
}
