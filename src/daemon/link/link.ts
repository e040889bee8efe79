import type { TLSSocket } from "node:tls";
import type { Millis } from "../../shared/clock.ts";
import type { Memory } from "../sys/memory.ts";
import { Packer, unpack } from "./compression.ts";
import { largestFlight } from "./flight.ts";
import { controlFrame, type FrameFault, type FrameType, frameType } from "./frame.ts";
import { InFlight } from "./in-flight.ts";
import type { Kernel } from "./kernel.ts";
import { isQuiet, type Liveness, type LivenessRules, livenessStart, livenessStep, quietUntil } from "./liveness.ts";
import {
  type CloseReason,
  decodeClose,
  decodeGoaway,
  decodePong,
  encodeClose,
  encodePong,
  type GoawayScope,
  type Pong,
} from "./messages.ts";
import { readInto } from "../sys/read-into.ts";
import { type LandingPool, Receiver } from "./receiver.ts";
import { type Lender, SendQueue } from "./send-queue.ts";
import type { UnpackTurns } from "./unpack-turns.ts";
import { Wear, type WearLimits } from "./wear.ts";

/** configuring: HELLO and WELCOME are under way; active: packets flow. */
export type LinkState =
  | { readonly kind: "configuring"; readonly until: Millis }
  | { readonly kind: "active" }
  | { readonly kind: "closed"; readonly reason: string };

export interface LinkDeadlines {
  /** For one frame to arrive whole. */
  readonly frame: Millis;
  /** For the peer's kernel to take what is queued or in ours, without any acknowledgement growing. */
  readonly writeStall: Millis;
  /** Control frames a second. */
  readonly controlRate: number;
}

export const linkDeadlines: LinkDeadlines = { frame: 10_000, writeStall: 15_000, controlRate: 50 };

export interface LinkHandlers {
  /** HELLO or WELCOME, by the role of this end; anything else in its place is a protocol error. */
  greeting(link: Link, type: FrameType, body: Buffer): void;
  /** PACKET or OFFLOAD on an active link. */
  packet(link: Link, type: FrameType, memory: Memory, body: number, length: number): void;
  /** All frames of the bytes that arrived together have been handed over. */
  settled(): void;
  /** Whole PACKET and OFFLOAD frames are about to be sent. */
  sending(link: Link, frames: Uint8Array, innerBytes: number): void;
  /** The socket took something: there may be room for more. */
  room(link: Link): void;
  /** The answer to a PING, and how long it took. */
  pong(link: Link, rtt: Millis, pong: Pong): void;
  /** Once: its keys have protected as much as they may, the link is to be replaced. */
  worn(link: Link): void;
  goaway(link: Link, scope: GoawayScope, reason: string): void;
  /** Frames that were to be sent on a link with compression: their bytes, and those that they became. */
  packed(before: number, after: number): void;
  /** The last call: frames that were accepted and never written, and why the link ended. */
  closed(link: Link, reason: string, text: string, unsentUnits: number): void;
  /** For PONG: percent of this thread's time in use, and the number of sessions. */
  load(): number;
  sessionCount(): number;
  /** Whether this end would like its sessions to move elsewhere. */
  draining(): boolean;
}

/** One TLS connection that has shaken hands, as either end sees it. */
export class Link {
  readonly id: number;
  /** Place among its session's links. */
  index = 0;
  /** Number of the server that it leads to, where the session has links to several. */
  group = 0;
  readonly identity: string;
  readonly remote: string;
  state: LinkState;
  rxBytes = 0;
  txBytes = 0;
  readonly #socket: TLSSocket;
  readonly #handlers: LinkHandlers;
  readonly #queue: SendQueue;
  readonly #kernel: Kernel;
  readonly #inFlight: InFlight;
  readonly #receiver: Receiver;
  readonly #landing: LandingPool;
  readonly #unpackTurns: UnpackTurns;
  #readOn: () => void = () => {};
  /** Undefined: no COMPRESSED frames go either way. */
  #packer: Packer | undefined;
  readonly #rules: LivenessRules;
  readonly #now: () => Millis;
  readonly #wear: Wear;
  #liveness: Liveness;
  /** The last tick that had nothing to decide. */
  #quietAt: Millis = Number.NEGATIVE_INFINITY;
  #frameSince: Millis | undefined;
  #control = { second: 0, count: 0 };
  #peerWindowMicros = 0;
  #received = 0;
  #sent = 0;
  /** What had been sent when the peer's kernel was last seen to have all of it. */
  #acknowledgedUpTo = -1;
  /** How to close once nothing is queued. */
  #finish: { readonly reason: CloseReason; readonly text: string } | undefined;

  constructor(parts: {
    id: number;
    identity: string;
    remote: string;
    socket: TLSSocket;
    /** That of the socket. */
    kernel: Kernel;
    handlers: LinkHandlers;
    landing: LandingPool;
    /** Those of the thread. */
    unpackTurns: UnpackTurns;
    liveness: LivenessRules;
    wear: WearLimits;
    /** When HELLO or WELCOME must have come. */
    greetingBy: Millis;
    now: () => Millis;
  }) {
    this.id = parts.id;
    this.identity = parts.identity;
    this.remote = parts.remote;
    this.#socket = parts.socket;
    this.#handlers = parts.handlers;
    this.#rules = parts.liveness;
    this.#now = parts.now;
    this.#wear = new Wear(parts.wear);
    this.state = { kind: "configuring", until: parts.greetingBy };
    this.#liveness = livenessStart(parts.now(), parts.liveness, jitter());
    this.#queue = new SendQueue(parts.socket, () => this.#wrote());
    this.#kernel = parts.kernel;
    this.#inFlight = new InFlight(parts.kernel, this.#queue, parts.now);
    this.#landing = parts.landing;
    this.#unpackTurns = parts.unpackTurns;
    this.#receiver = new Receiver(parts.landing, (type, memory, body, length) =>
      this.#frame(type, memory, body, length),
    );
    this.#socket.on("error", (error) => this.#end("socket_error", error.message));
    this.#socket.on("end", () => this.#end("peer_closed", ""));
    this.#socket.on("close", () => this.#end("peer_closed", ""));
  }

  /** Begins to read; the owner knows the link by now. */
  start(): void {
    this.#readOn = readInto(
      this.#socket,
      () => this.#receiver.space(),
      (length) => this.#arrived(length),
    );
  }

  get queuedBytes(): number {
    return this.#queue.bytes;
  }

  /** Bytes that it takes before what is more should wait elsewhere; 0 or less: it is full. */
  get room(): number {
    return this.bounded ? this.#inFlight.room : largestFlight - this.#queue.bytes;
  }

  /** How long until a link without room should have some; undefined: `room` is told. */
  get roomIn(): Millis | undefined {
    return this.bounded ? this.#inFlight.roomIn : undefined;
  }

  /** Whether its path is so slow that a packet behind others in the socket would be late. */
  get bounded(): boolean {
    return this.#inFlight.bounded;
  }

  /** Whether the pace is its path's, and not one that is still being found out. */
  get settled(): boolean {
    return this.#inFlight.settled;
  }

  /** Microseconds in which only the peer's receive window kept more from being sent, as the last tick saw it. */
  get peerWindowMicros(): number {
    return this.#peerWindowMicros;
  }

  /** Bytes a millisecond that its path carries; undefined until that is known. */
  get pace(): number | undefined {
    return this.#inFlight.pace;
  }

  /** Whole frames; does nothing on a link that is closed. */
  send(bytes: Uint8Array, units: number, innerBytes: number, lender: Lender | undefined): void {
    if (this.state.kind === "closed") {
      lender?.giveBack();
      return;
    }
    this.txBytes += innerBytes;
    this.#sent += bytes.length;
    this.#inFlight.sent(bytes.length);
    this.#wear.sent(bytes.length);
    if (units > 0) this.#handlers.sending(this, bytes, innerBytes);
    const packed = units > 0 ? this.#packer?.pack(bytes) : undefined;
    if (units > 0 && this.#packer !== undefined) {
      this.#handlers.packed(bytes.length, packed?.length ?? bytes.length);
    }
    if (packed === undefined) return this.#queue.push(bytes, units, lender);
    this.#queue.push(packed, units, undefined);
    lender?.giveBack();
  }

  /** Both ends have agreed on COMPRESSED frames. */
  compress(): void {
    this.#packer = new Packer();
  }

  control(type: FrameType, body: Uint8Array): void {
    this.send(controlFrame(type, body), 0, 0, undefined);
  }

  /** From here on packets flow. */
  activate(): void {
    if (this.state.kind === "configuring") this.state = { kind: "active" };
  }

  /** Says CLOSE and ends the connection; what is queued before it is dropped. `kind` names it more closely on this end. */
  close(reason: CloseReason, text: string, kind: string = reason): void {
    if (this.state.kind === "closed") return;
    // A write that is under way ends with a whole frame, so CLOSE may follow it.
    this.#socket.write(controlFrame(frameType.close, encodeClose(reason, text)));
    this.#end(kind, text);
  }

  /** As close, once what is queued has been written. The owner sends nothing more on the link. */
  finish(reason: CloseReason, text: string): void {
    this.#finish = { reason, text };
    if (!this.#queue.busy) this.#drained();
  }

  #drained(): void {
    if (this.#finish !== undefined) this.close(this.#finish.reason, this.#finish.text);
  }

  /** Once every quarter of a second or so. */
  tick(): void {
    const now = this.#now();
    if (this.state.kind === "configuring") {
      if (now >= this.state.until) this.close("timeout", "no greeting in time", "hello_timeout");
      return;
    }
    if (this.state.kind === "closed") return;
    if (this.state.kind === "active" && this.#wear.due()) this.#handlers.worn(this);
    if (this.#frameSince !== undefined && now - this.#frameSince > linkDeadlines.frame) {
      return this.close("timeout", "a frame did not arrive whole in time", "frame_timeout");
    }
    this.#checkLiveness(now);
  }

  #wrote(): void {
    if (this.bounded) this.#inFlight.look();
    if (this.#queue.bytes === 0) this.#drained();
    if (this.state.kind === "active") this.#handlers.room(this);
  }

  #checkLiveness(now: Millis): void {
    // Ten thousand idle links are not worth a system call each, nor an object.
    const idle = this.#sent === this.#acknowledgedUpTo && !this.#queue.busy;
    if (idle && isQuiet(this.#liveness, this.#received, now)) {
      this.#quietAt = now;
      return;
    }
    const info = idle ? undefined : this.#kernel.info();
    this.#inFlight.measured(info, now);
    this.#peerWindowMicros = info?.peerWindowMicros ?? this.#peerWindowMicros;
    if (info?.unacked === 0 && info.notsentBytes === 0) this.#acknowledgedUpTo = this.#sent;
    const { state, verdict } = livenessStep(
      quietUntil(this.#liveness, this.#quietAt),
      this.#rules,
      {
        now,
        received: this.#received,
        acknowledged: info?.bytesAcked ?? this.#liveness.acknowledged,
        // Without TCP_INFO only unanswered PINGs tell that the link is dead.
        outstanding: info !== undefined && (info.unacked > 0 || info.notsentBytes > 0),
      },
      jitter(),
    );
    this.#liveness = state;
    if (verdict === "ping") this.#ping(now);
    if (verdict === "stalled") this.#end("stalled", "no acknowledgement and nothing heard");
    if (verdict === "silent") this.#end("silent", "the peer does not answer");
    if (now - state.acknowledgedAt > linkDeadlines.writeStall) this.#end("write_stalled", "");
  }

  #ping(now: Millis): void {
    const body = Buffer.alloc(8);
    body.writeDoubleBE(now);
    this.control(frameType.ping, body);
  }

  /** Whether more is to be read. */
  #arrived(length: number): boolean {
    if (this.state.kind === "closed") return true;
    this.#received += length;
    this.#wear.received(length);
    this.#delivered(this.#receiver.filled(length));
    return !this.#receiver.held;
  }

  /** In a later turn of the event loop: the rest of what arrived. */
  readonly #proceed = (): void => {
    if (this.state.kind === "closed") return;
    this.#delivered(this.#receiver.proceed());
    if (!this.#receiver.held) this.#readOn();
  };

  #delivered(fault: FrameFault | undefined): void {
    this.#handlers.settled();
    if (fault !== undefined) return this.close("protocol_error", fault);
    if (!this.#receiver.partial) this.#frameSince = undefined;
    else this.#frameSince ??= this.#now();
  }

  #frame(type: number, memory: Memory, body: number, length: number): void {
    // Each whole frame restarts the deadline of the next.
    this.#frameSince = undefined;
    if (type === frameType.packet || type === frameType.offload) {
      if (this.state.kind !== "active") return this.close("protocol_error", "packet before WELCOME");
      this.rxBytes += type === frameType.offload ? length - 10 : length;
      return this.#handlers.packet(this, type, memory, body, length);
    }
    if (type === frameType.compressed && this.#packer !== undefined) return this.#compressed(memory, body, length);
    if (!this.#controlAllowed()) return this.close("protocol_error", "too many control frames");
    // A copy: a greeting outlives the landing buffer.
    this.#controlFrame(type as FrameType, Buffer.from(memory.bytes.subarray(body, body + length)));
  }

  #compressed(memory: Memory, body: number, length: number): void {
    const bytes = memory.bytes.subarray(body, body + length);
    const fault = unpack(
      bytes,
      this.#landing,
      (type, at, from, size) => this.#frame(type, at, from, size),
      () => this.state.kind === "active",
    );
    if (fault !== undefined) return this.close("protocol_error", fault);
    if (this.#unpackTurns.spend()) return;
    this.#receiver.hold();
    this.#unpackTurns.wait(this.#proceed);
  }

  #controlFrame(type: FrameType, body: Buffer): void {
    if (type === frameType.hello || type === frameType.welcome) return this.#handlers.greeting(this, type, body);
    if (type === frameType.close) {
      const { reason, text } = decodeClose(body);
      return this.#end(`peer_${reason}`, text);
    }
    if (this.state.kind !== "active") return this.close("protocol_error", "control frame before WELCOME");
    if (type === frameType.ping) {
      const to = this.#handlers;
      const pong = { echo: body, load: to.load(), drain: to.draining() ? 1 : 0, sessionCount: to.sessionCount() };
      return this.control(frameType.pong, encodePong(pong));
    }
    if (type === frameType.pong) {
      const pong = decodePong(body);
      const rtt = this.#now() - pong.echo.readDoubleBE(0);
      if (rtt >= 0 && rtt < 3_600_000) this.#handlers.pong(this, rtt, pong);
      return;
    }
    if (type === frameType.goaway) {
      const { scope, reason } = decodeGoaway(body);
      return this.#handlers.goaway(this, scope, reason);
    }
    this.close("protocol_error", "a frame type that was not negotiated");
  }

  #controlAllowed(): boolean {
    const second = Math.floor(this.#now() / 1000);
    if (this.#control.second !== second) this.#control = { second, count: 0 };
    this.#control.count += 1;
    return this.#control.count <= linkDeadlines.controlRate;
  }

  #end(reason: string, text: string): void {
    if (this.state.kind === "closed") return;
    this.state = { kind: "closed", reason };
    const unsent = this.#queue.close();
    this.#receiver.close();
    // Lets a CLOSE that was written leave before the connection is cut.
    this.#socket.destroySoon();
    const cut = setTimeout(() => this.#socket.destroy(), 1000);
    this.#socket.once("close", () => clearTimeout(cut));
    this.#handlers.closed(this, reason, text, unsent);
  }
}

function jitter(): number {
  return 0.9 + Math.random() * 0.2;
}
