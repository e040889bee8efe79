import type { Millis } from "../../shared/clock.ts";
import { frameHeaderBytes, frameType, writeFrameHeader } from "../link/frame.ts";
import type { TrafficSampler } from "../metrics/traffic-sampler.ts";
import { counterIndex, type DropReason } from "../metrics/counters.ts";
import { destinationKind } from "../packet/address-kind.ts";
import { longestTooBig } from "../packet/icmp.ts";
import { checkPacket } from "../packet/ip.ts";
import { flowHash } from "../packet/transport.ts";
import { isPlain, unitHeaderLength, vnetToLink } from "../packet/vnet.ts";
import { deviceDown, type TunBuffer, type TunDevice, type UnitReader, wouldBlock } from "../tun/device.ts";
import { destinationOwner } from "./owner.ts";
import type { Destinations, FlowLink, FlowSession, HandOver } from "./ports.ts";
import type { ReadBuffer, ReadBuffers } from "./read-buffers.ts";
import type { Shaper } from "./shaper.ts";
import type { Shapers } from "./shapers.ts";
import { answerTooBig, largestPacket, sendable, splitIntoFrames } from "./unit.ts";

/** Frame header, unit header and the largest packet. */
const largestUnit = frameHeaderBytes + unitHeaderLength + 65_535;
/** Read buffers filled before other work of this thread gets its turn. */
const buffersPerTurn = 2;
/** On a shared TUN, runs below this are copied, so that a slow peer never holds a read buffer. */
const lendFrom = 32 * 1024;

/**
 * The way out: TUN → session → link. Reads units until the TUN is empty or the buffer full, makes each a frame where
 * it lies, and hands every run of frames for one link to that link in one piece.
 */
export class Outbound {
  readonly #device: TunDevice;
  readonly #destinations: Destinations;
  readonly #counters: Float64Array;
  readonly #shapers: Shapers;
  readonly #now: () => Millis;
  readonly #sampler: TrafficSampler | undefined;
  readonly #buffers: ReadBuffers;
  readonly #down: () => void;
  readonly #handOver: HandOver | undefined;
  /** Where ICMP answers are made. */
  readonly #answer: TunBuffer;
  #held = false;
  /** Not read until a link has room. */
  #paused = false;
  /** What is read now would wait here no better than in the kernel. */
  #full = false;
  /** Where the next unit lands. */
  #next: ReadBuffer | undefined;
  /** Units of this turn of the event loop. */
  #units = 0;
  /** The turn before had one unit only. */
  #alone = false;
  /** Of the session that the last packet was for. */
  #shaper: { readonly session: FlowSession; readonly shaper: Shaper } | undefined;

  // The run of frames for one link that is being gathered.
  #runLink: FlowLink | undefined;
  #runStart = 0;
  #runUnits = 0;
  #runInner = 0;

  constructor(parts: {
    device: TunDevice;
    destinations: Destinations;
    counters: Float64Array;
    /** Of at least two of the largest units each. */
    buffers: ReadBuffers;
    sampler?: TrafficSampler | undefined;
    shapers: Shapers;
    now: () => Millis;
    /** The TUN is gone or down. */
    down: () => void;
    /** Undefined while there is one data thread. */
    handOver?: HandOver | undefined;
  }) {
    this.#device = parts.device;
    this.#destinations = parts.destinations;
    this.#counters = parts.counters;
    this.#shapers = parts.shapers;
    this.#sampler = parts.sampler;
    this.#now = parts.now;
    this.#down = parts.down;
    this.#handOver = parts.handOver;
    this.#buffers = parts.buffers;
    this.#answer = parts.device.allocate(unitHeaderLength + longestTooBig);
  }

  start(): void {
    if (this.#reserve()) this.#device.startReading(this.#reader);
  }

  /** Leaves packets in the kernel's queue until release, which makes the senders inside wait. */
  hold(): void {
    this.#held = true;
    this.#device.stopReading();
  }

  release(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#paused = false;
    this.start();
  }

  readonly #reader: UnitReader = {
    landing: () => this.#next!.landing,
    landed: (length) => this.#landed(length),
  };

  #landed(length: number): void {
    this.#full = false;
    this.#units = 0;
    this.#readSome(length);
    this.#alone = this.#units === 1;
    this.#reserve();
    this.#shapers.run();
    this.#handOver?.flush();
    const { only } = this.#destinations;
    if (only === undefined || this.#held || !this.#shaperOf(only).saturated) return;
    this.#paused = true;
    this.#device.stopReading();
  }

  /** A link has room again, or is gone. */
  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (!this.#held) this.start();
  }

  /** Takes a buffer for the next unit; false, and reading goes on when one comes back, while all are lent. */
  #reserve(): boolean {
    this.#next ??= this.#buffers.take();
    if (this.#next !== undefined) return true;
    this.#device.stopReading();
    this.#buffers.whenFree(() => {
      if (!this.#held && !this.#paused) this.start();
    });
    return false;
  }

  /** A unit of `landed` bytes lies in the next buffer. */
  #readSome(landed: number): void {
    let first: number | undefined = landed;
    for (let turn = 0; turn < buffersPerTurn; turn++) {
      if (!this.#reserve()) return;
      const buffer = this.#next!;
      this.#next = undefined;
      const more = this.#fill(buffer, first);
      first = undefined;
      // Lent once for the reading itself, so that an unused buffer comes back too.
      buffer.giveBack();
      if (!more || this.#held || this.#full) return;
    }
  }

  /** Reads into one buffer, in which a unit of `landed` bytes may lie already; true when the TUN may hold more. */
  #fill(buffer: ReadBuffer, landed: number | undefined): boolean {
    buffer.lend();
    const { memory } = buffer;
    const limit = memory.bytes.length - largestUnit;
    let at = 0;
    let length = landed ?? this.#read(memory, at);
    while (length >= unitHeaderLength) {
      at = this.#accept(buffer, at, length - unitHeaderLength);
      this.#units += 1;
      // One that comes alone, as the one before, goes before anybody asks whether there are more.
      if (this.#alone && this.#units === 1) this.#flush(buffer, at);
      if (at > limit || this.#full) {
        this.#flush(buffer, at);
        return true;
      }
      length = this.#read(memory, at);
    }
    this.#flush(buffer, at);
    if (length === deviceDown) this.#down();
    // What the kernel refuses to hand over must not keep this thread.
    if (length !== wouldBlock && length !== deviceDown) this.#drop("malformed", 1);
    return false;
  }

  #read(memory: TunBuffer, at: number): number {
    return this.#device.read(memory, at + frameHeaderBytes, largestUnit - frameHeaderBytes);
  }

  /** One unit: the header of `at` + 4 and its packet. Returns where the next one begins. */
  #accept(buffer: ReadBuffer, at: number, length: number): number {
    const { bytes } = buffer.memory;
    const header = at + frameHeaderBytes;
    const packet = header + unitHeaderLength;
    if (checkPacket(bytes, packet, length) !== undefined) return this.#dropAt(at, "malformed");
    if (destinationKind(bytes, packet) !== "unicast") return this.#dropAt(at, "not_routable");
    const session = destinationOwner(this.#destinations, bytes, packet);
    if (session === undefined) return this.#dropAt(at, this.#destinations.nobody);
    const link = session.linkFor(session.tellsFlows ? flowHash(bytes, packet, length) : 0);
    if (link === undefined) return this.#elsewhere(buffer, at, length, session);
    const plain = isPlain(bytes, header);
    if (!plain && !vnetToLink(bytes, header, length)) return this.#dropAt(at, "malformed");
    if ((plain ? length : largestPacket(bytes, header, length)) > session.mtu)
      return this.#tooBig(buffer, at, length, session);
    this.#sampler?.sent(bytes, packet, length);
    const shaper = this.#shaperOf(session);
    const ahead = link === this.#runLink ? at - this.#runStart : 0;
    if (shaper.holds(link, this.#destinations.exclusive, length, ahead)) {
      // What was gathered came first.
      this.#flush(buffer, at);
      const flow = flowHash(bytes, packet, length);
      shaper.accept({ bytes, header, length, flow, since: this.#now() }, link);
      this.#shapers.added(session);
      this.#full = session === this.#destinations.only && shaper.saturated;
      return at;
    }
    if (link !== this.#runLink) {
      this.#flush(buffer, at);
      this.#runLink = link;
      this.#runStart = at;
    }
    if (!plain && !sendable(bytes, header, session.peer)) {
      this.#flush(buffer, at);
      this.#split(link, buffer.memory, header, length);
      return at;
    }
    this.#runUnits += 1;
    this.#runInner += length;
    if (!plain) {
      writeFrameHeader(bytes, at, frameType.offload, unitHeaderLength + length);
      return packet + length;
    }
    bytes.copyWithin(header, packet, packet + length);
    writeFrameHeader(bytes, at, frameType.packet, length);
    return header + length;
  }

  /** Another thread may have a link of the session. */
  #elsewhere(buffer: ReadBuffer, at: number, length: number, session: FlowSession): number {
    if (session.elsewhere.length === 0 || this.#handOver === undefined) return this.#dropAt(at, "no_link");
    const { bytes } = buffer.memory;
    const header = at + frameHeaderBytes;
    const packet = header + unitHeaderLength;
    if (!vnetToLink(bytes, header, length)) return this.#dropAt(at, "malformed");
    if (largestPacket(bytes, header, length) > session.mtu) return this.#tooBig(buffer, at, length, session);
    this.#sampler?.sent(bytes, packet, length);
    const flow = flowHash(bytes, packet, length);
    const taken = this.#handOver.offer(session, flow, bytes, header, unitHeaderLength + length, 0);
    return taken ? at : this.#dropAt(at, "handover_full");
  }

  #shaperOf(session: FlowSession): Shaper {
    if (this.#shaper?.session !== session) this.#shaper = { session, shaper: this.#shapers.of(session) };
    return this.#shaper.shaper;
  }

  /** Hands the gathered run, which ends at `end`, to its link. */
  #flush(buffer: ReadBuffer, end: number): void {
    const link = this.#runLink;
    if (link === undefined) return;
    const units = this.#runUnits;
    const inner = this.#runInner;
    this.#runLink = undefined;
    this.#runUnits = 0;
    this.#runInner = 0;
    if (units === 0) return;
    const run = buffer.memory.bytes.subarray(this.#runStart, end);
    // The little that a slow link takes must not keep a whole buffer.
    if (this.#destinations.exclusive && !link.bounded) {
      this.#send(link, run, units, inner, buffer);
    } else if (run.length >= lendFrom && link.queuedBytes === 0 && this.#buffers.available > 1) {
      this.#send(link, run, units, inner, buffer);
    } else {
      this.#send(link, Buffer.from(run), units, inner, undefined);
    }
  }

  #send(link: FlowLink, run: Uint8Array, units: number, inner: number, buffer: ReadBuffer | undefined): void {
    this.#add(counterIndex.frames_accepted, units);
    this.#add(counterIndex.tx_packets, units);
    this.#add(counterIndex.tx_bytes, inner);
    link.send(run, units, inner, buffer?.lend());
  }

  #split(link: FlowLink, memory: TunBuffer, header: number, length: number): void {
    const { frames, units, inner } = splitIntoFrames(memory.bytes, header, length);
    this.#send(link, frames, units, inner, undefined);
  }

  #tooBig(buffer: ReadBuffer, at: number, length: number, session: FlowSession): number {
    const { bytes } = buffer.memory;
    const packet = at + frameHeaderBytes + unitHeaderLength;
    const size = answerTooBig(bytes, packet, length, session.mtu, this.#answer.bytes, unitHeaderLength);
    // The virtio header in front of it stays zero: a plain packet.
    if (size > 0) this.#device.write(this.#answer, 0, unitHeaderLength + size);
    return this.#dropAt(at, "too_big");
  }

  #dropAt(at: number, reason: DropReason): number {
    this.#drop(reason, 1);
    return at;
  }

  #drop(reason: DropReason, units: number): void {
    this.#counters[counterIndex[reason]]! += units;
  }

  #add(counter: number, amount: number): void {
    this.#counters[counter]! += amount;
  }
}
