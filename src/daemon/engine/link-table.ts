import type { TLSSocket } from "node:tls";
import type { FlowLink, FlowSession } from "../flow/ports.ts";
import { controlFrame, frameType } from "../link/frame.ts";
import { kernelOf } from "../link/kernel.ts";
import { Link, type LinkHandlers } from "../link/link.ts";
import type { LivenessRules } from "../link/liveness.ts";
import { encodeClose, type Welcome } from "../link/messages.ts";
import type { LandingPool } from "../link/receiver.ts";
import { UnpackTurns } from "../link/unpack-turns.ts";
import { type LinkField, linkField, LinkSlots } from "../metrics/link-slots.ts";
import type { DataSession } from "../session/data-session.ts";
import type { PeerCertificate } from "../tls/trust.ts";
import type { DataThreadOptions, Event, LinkTimes } from "./messages.ts";

/** A connection whose handshake is done. */
export interface Secured {
  readonly socket: TLSSocket;
  readonly identity: string;
  readonly remote: string;
  readonly authenticateMs: number;
  readonly certificate: PeerCertificate;
}

/** Links that a packet may have to wait for: a few hundred microseconds. */
const ticksInTurn = 128;

export interface HeldLink {
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

interface LinkTableParts {
  readonly landing: LandingPool;
  readonly options: Pick<DataThreadOptions, "linkSlots" | "wear" | "team">;
  /** One object for all links, which changes under them. */
  readonly liveness: LivenessRules;
  handlers(): LinkHandlers;
  readonly emit: (event: Event) => void;
}

/** The links of a data thread, each with its slot of figures in shared memory. */
export class LinkTable {
  readonly #parts: LinkTableParts;
  readonly #links = new Map<number, HeldLink>();
  /** Also those that a session has left and that are not closed yet. */
  readonly #ofSession = new Map<string, Set<HeldLink>>();
  readonly #slots: LinkSlots;
  readonly #unpackTurns = new UnpackTurns();
  /** Those that the tick under way has not come to. */
  #due: Iterator<HeldLink> | undefined;
  #turnAhead = false;

  constructor(parts: LinkTableParts) {
    this.#parts = parts;
    this.#slots = new LinkSlots(parts.options.linkSlots);
  }

  get size(): number {
    return this.#links.size;
  }

  get(id: number): HeldLink | undefined {
    return this.#links.get(id);
  }

  [Symbol.iterator](): Iterator<HeldLink> {
    return this.#links.values();
  }

  /** Undefined when there are as many links as there may be: the peer and the control plane are told. */
  open(id: number, secured: Secured, greetingWithin: number): HeldLink | undefined {
    const { socket, identity, remote, authenticateMs, certificate } = secured;
    const slot = this.#takePlace();
    if (slot === undefined) {
      socket.write(controlFrame(frameType.close, encodeClose("server_full", "")));
      socket.destroySoon();
      const text = "core.max_connections links are open";
      this.#parts.emit({ type: "refused", remote, reason: "server_full", text });
      return undefined;
    }
    const securedAt = performance.now();
    const link = new Link({
      id,
      identity,
      remote,
      socket,
      kernel: kernelOf(socket),
      handlers: this.#parts.handlers(),
      landing: this.#parts.landing,
      unpackTurns: this.#unpackTurns,
      liveness: this.#parts.liveness,
      wear: this.#parts.options.wear,
      greetingBy: securedAt + greetingWithin,
      now: () => performance.now(),
    });
    const held: HeldLink = {
      link,
      slot,
      authenticateMs,
      securedAt,
      session: undefined,
      certificate,
      greeted: false,
      offersCompression: false,
      named: undefined,
      welcome: undefined,
    };
    this.#links.set(id, held);
    link.start();
    return held;
  }

  /** The link is the session's, once and for all. */
  bind(held: HeldLink, session: DataSession<FlowLink>): void {
    held.session = session;
    const links = this.#ofSession.get(session.id) ?? new Set();
    links.add(held);
    this.#ofSession.set(session.id, links);
  }

  /** Every link of a session that is not closed. */
  ofSession(id: string): Iterable<HeldLink> {
    return this.#ofSession.get(id) ?? [];
  }

  /** Forgets a link that is closed. */
  remove(id: number): HeldLink | undefined {
    const held = this.#links.get(id);
    if (held === undefined) return undefined;
    this.#links.delete(id);
    this.#unbind(held);
    this.#slots.giveBack(held.slot);
    const { team } = this.#parts.options;
    if (team !== undefined) Atomics.sub(team.openLinks, 0, 1);
    return held;
  }

  #unbind(held: HeldLink): void {
    const id = held.session?.id;
    const links = id === undefined ? undefined : this.#ofSession.get(id);
    if (id === undefined || links === undefined) return;
    links.delete(held);
    if (links.size === 0) this.#ofSession.delete(id);
  }

  /** A link's slot, while all threads together have fewer links than there may be. */
  #takePlace(): number | undefined {
    const { team } = this.#parts.options;
    if (team === undefined) return this.#slots.take();
    const slot = Atomics.add(team.openLinks, 0, 1) < team.mostLinks ? this.#slots.take() : undefined;
    if (slot === undefined) Atomics.sub(team.openLinks, 0, 1);
    return slot;
  }

  /** What is due on each link, and its figures; of many links most in later turns of the event loop, before the next tick. */
  tick(): void {
    this.#tickLinks(Number.POSITIVE_INFINITY);
    this.#due = this.#links.values();
    this.#tickLinks(ticksInTurn);
  }

  /** Goes on with the tick under way. */
  #tickLinks(most: number): void {
    for (let left = most; left > 0; left -= 1) {
      const next = this.#due?.next();
      if (next === undefined || next.done === true) {
        this.#due = undefined;
        return;
      }
      this.#tickOne(next.value);
    }
    if (this.#turnAhead) return;
    this.#turnAhead = true;
    setImmediate(() => {
      this.#turnAhead = false;
      this.#tickLinks(ticksInTurn);
    });
  }

  #tickOne({ link, slot }: HeldLink): void {
    const { values } = this.#slots;
    link.tick();
    values[slot + linkField.rx_bytes] = link.rxBytes;
    values[slot + linkField.tx_bytes] = link.txBytes;
    values[slot + linkField.queued_bytes] = link.queuedBytes;
    values[slot + linkField.peer_window_us] = link.peerWindowMicros;
    if (link.room <= 0) values[slot + linkField.window_waits]! += 1;
  }

  answered({ id }: Link, rtt: number): void {
    const held = this.#links.get(id);
    if (held !== undefined) this.#slots.values[held.slot + linkField.rtt_ms] = rtt;
  }

  /** Packets of the session had to wait, for tokens or for a link that is full. */
  waited(session: FlowSession, by: "bucket" | "window"): void {
    const field: LinkField = by === "bucket" ? "bucket_waits" : "window_waits";
    for (const { id, room } of session.links) {
      const held = this.#links.get(id);
      if (held === undefined || (by === "window" && room > 0)) continue;
      this.#slots.values[held.slot + linkField[field]]! += 1;
    }
  }
}

/** How long the handshake took, and what followed it until now. */
export function timesOf({ authenticateMs, securedAt }: HeldLink): LinkTimes {
  return { authenticate: authenticateMs, configure: performance.now() - securedAt };
}
