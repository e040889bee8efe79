import type { Millis } from "../../shared/clock.ts";
import type { BucketPath } from "../limit/path.ts";
import { frameHeaderBytes, frameType, writeFrameHeader } from "../link/frame.ts";
import type { TrafficSampler } from "../metrics/traffic-sampler.ts";
import { counterIndex, type DropReason } from "../metrics/counters.ts";
import { destinationKind, sourceKind } from "../packet/address-kind.ts";
import { checkPacket, ipVersion, sourceIpv4, sourceIpv6Word } from "../packet/ip.ts";
import { longestTooBig } from "../packet/icmp.ts";
import { checkOffload } from "../packet/offload.ts";
import { segmentCount, splitLength } from "../packet/segment.ts";
import { linkToVnet, unitHeaderLength } from "../packet/vnet.ts";
import type { Memory } from "../sys/memory.ts";
import { deviceDown, type TunDevice } from "../tun/device.ts";
import { flowHash } from "../packet/transport.ts";
import type { Delivery } from "./delivery.ts";
import { destinationOwner } from "./owner.ts";
import type { FlowSession, HandOver } from "./ports.ts";
import type { Shapers } from "./shapers.ts";
import { UdpCoalescer } from "./udp-coalescer.ts";
import { answerTooBig, largestPacket, sendable } from "./unit.ts";

/** What the way in must know of its end of the tunnel. */
export interface InboundPolicy {
  /** Whether the peer may send from any source: a client trusts its server's routing. */
  readonly anySource: boolean;
  readonly clientToClient: boolean;
  owner4(word: number): FlowSession | undefined;
  owner6(a: number, b: number, c: number, d: number): FlowSession | undefined;
}

/**
 * Datagrams written in a row before their reader may run. Nothing slows their sender down, and a receiving socket's usual buffer of 208 KiB
 * holds some 90 to 270 of them, fewer than come with one turn of the event loop (docs/decisions/0003-datagrams-in-one-write.md).
 */
const datagramsInARow = 32;

/** The way in: link → source and destination checks → TUN. */
export class Inbound {
  readonly #device: TunDevice;
  readonly #counters: Float64Array;
  readonly #policy: InboundPolicy;
  readonly #down: () => void;
  readonly #spoofed: (session: FlowSession) => void;
  readonly #refused: (session: FlowSession, bytes: Buffer, packet: number, size: number) => void;
  readonly #shapers: Shapers;
  readonly #limits: ReadonlyMap<FlowSession, BucketPath>;
  readonly #now: () => Millis;
  readonly #sampler: TrafficSampler | undefined;
  readonly #delivery: Delivery;
  readonly #handOver: HandOver | undefined;
  /** Undefined where the kernel can't cut datagrams. */
  readonly #datagrams: UdpCoalescer | undefined;
  readonly #yieldProcessor: () => void;
  #datagramsInARow = 0;

  constructor(parts: {
    device: TunDevice;
    counters: Float64Array;
    policy: InboundPolicy;
    shapers: Shapers;
    /** Of those sessions whose peers are limited. */
    limits: ReadonlyMap<FlowSession, BucketPath>;
    now: () => Millis;
    /** The TUN is gone or down. */
    down: () => void;
    /** A security event; the receiver limits its rate. */
    spoofed: (session: FlowSession) => void;
    /** As `spoofed`, for a packet that the session's rules refuse; the bytes are borrowed for the call. */
    refused: (session: FlowSession, bytes: Buffer, packet: number, size: number) => void;
    sampler?: TrafficSampler | undefined;
    delivery: Delivery;
    /** Undefined while there is one data thread. */
    handOver?: HandOver | undefined;
    /** Lets other programs run first. */
    yieldProcessor: () => void;
  }) {
    this.#device = parts.device;
    this.#counters = parts.counters;
    this.#policy = parts.policy;
    this.#down = parts.down;
    this.#spoofed = parts.spoofed;
    this.#refused = parts.refused;
    this.#sampler = parts.sampler;
    this.#shapers = parts.shapers;
    this.#delivery = parts.delivery;
    this.#handOver = parts.handOver;
    this.#limits = parts.limits;
    this.#yieldProcessor = parts.yieldProcessor;
    this.#now = parts.now;
    if (parts.device.features.uso) {
      this.#datagrams = new UdpCoalescer(parts.device, (unit, length, packets) => {
        this.#write(unit, 0, length, packets);
        this.#letReadersRun(packets);
      });
    }
  }

  /** The bytes that arrived together are through: nothing is held back any longer. */
  settle(): void {
    this.#datagrams?.flush();
    this.#shapers.run();
    this.#handOver?.flush();
  }

  /** Takes a PACKET or OFFLOAD frame whose body is at `body`; at least 10 bytes of `memory` lie before it. */
  accept(session: FlowSession, type: number, memory: Memory, body: number, length: number): void {
    const { bytes } = memory;
    const offload = type === frameType.offload;
    const packet = offload ? body + unitHeaderLength : body;
    const size = offload ? length - unitHeaderLength : length;
    this.#add(counterIndex.rx_packets, 1);
    this.#add(counterIndex.rx_bytes, size);
    if (checkPacket(bytes, packet, size) !== undefined || sourceKind(bytes, packet) !== "unicast") {
      return this.#drop("bad_packet");
    }
    if (offload && (checkOffload(bytes, body, size) !== undefined || !sendable(bytes, body, this.#device.features))) {
      return this.#drop("bad_offload");
    }
    if (!this.#policy.anySource && !ownsSource(session, bytes, packet)) {
      this.#spoofed(session);
      return this.#drop("spoofed_source");
    }
    if (destinationKind(bytes, packet) !== "unicast") return this.#drop("forbidden_destination");
    if (session.filter?.permits(bytes, packet, size) === false) {
      this.#refused(session, bytes, packet, size);
      return this.#drop("acl");
    }
    if (this.#limits.size > 0 && !this.#mayPass(session, offload, bytes, body, size)) return this.#drop("over_rate");
    this.#sampler?.received(bytes, packet, size);
    const other = destinationOwner(this.#policy, bytes, packet);
    if (other !== undefined && other !== session) return this.#passOn(session, other, offload, bytes, body, length);
    this.#inject(memory, packet - unitHeaderLength, offload, size);
  }

  /** Whether the session's buckets let the packet, or the packets that it will be cut into, pass. */
  #mayPass(session: FlowSession, offload: boolean, bytes: Buffer, body: number, size: number): boolean {
    const path = this.#limits.get(session);
    if (path === undefined) return true;
    if (!offload) return path.police(size, 1, this.#now());
    return path.police(splitLength(bytes, body, size, 0), segmentCount(bytes, body, size), this.#now());
  }

  #inject(memory: Memory, header: number, offload: boolean, size: number): void {
    if (offload && this.#datagrams?.take(memory.bytes, header + unitHeaderLength, size) === true) return;
    // What was gathered came first.
    if (!offload) this.#datagrams?.flush();
    if (offload) linkToVnet(memory.bytes, header);
    else memory.bytes.fill(0, header, header + unitHeaderLength);
    this.#write(memory, header, unitHeaderLength + size, 1);
  }

  #write(memory: Memory, at: number, length: number, packets: number): void {
    const written = this.#device.write(memory, at, length);
    if (written > 0) return this.#add(counterIndex.frames_injected, packets);
    this.#drop("tun_refused", packets);
    if (written === deviceDown) this.#down();
  }

  #letReadersRun(datagrams: number): void {
    this.#datagramsInARow += datagrams;
    if (this.#datagramsInARow < datagramsInARow) return;
    this.#datagramsInARow = 0;
    this.#yieldProcessor();
  }

  /** From one client to another: straight to its link, not through the kernel. */
  #passOn(from: FlowSession, to: FlowSession, offload: boolean, bytes: Buffer, body: number, length: number): void {
    if (!this.#policy.clientToClient) return this.#drop("client_to_client");
    const packet = offload ? body + unitHeaderLength : body;
    const size = body + length - packet;
    if ((offload ? largestPacket(bytes, body, size) : size) > to.mtu)
      return this.#tooBig(from, to, bytes, packet, size);
    const flow = flowHash(bytes, packet, size);
    const link = to.linkFor(flow);
    if (link === undefined && to.elsewhere.length === 0) return this.#drop("peer_no_link");
    // One frame came in, and went to where it belongs.
    this.#add(counterIndex.frames_injected, 1);
    const header = packet - unitHeaderLength;
    if (!offload) bytes.fill(0, header, packet);
    if (link !== undefined) return this.#delivery.deliver(to, link, flow, bytes, header, size);
    const taken = this.#handOver?.offer(to, flow, bytes, header, unitHeaderLength + size, 0);
    if (taken !== true) this.#drop("handover_full");
  }

  #tooBig(from: FlowSession, to: FlowSession, bytes: Buffer, packet: number, size: number): void {
    const frame = Buffer.alloc(frameHeaderBytes + longestTooBig);
    const answer = answerTooBig(bytes, packet, size, to.mtu, frame, frameHeaderBytes);
    const link = from.linkFor(0);
    if (answer > 0 && link !== undefined && link.room > 0) {
      writeFrameHeader(frame, 0, frameType.packet, answer);
      link.send(frame.subarray(0, frameHeaderBytes + answer), 1, answer, undefined);
      this.#add(counterIndex.frames_accepted, 1);
    }
    this.#drop("peer_too_big");
  }

  #drop(reason: DropReason, packets = 1): void {
    this.#counters[counterIndex[reason]]! += packets;
  }

  #add(counter: number, amount: number): void {
    this.#counters[counter]! += amount;
  }
}

function ownsSource(session: FlowSession, bytes: Uint8Array, packet: number): boolean {
  if (ipVersion(bytes, packet) === 4) return session.owns4(sourceIpv4(bytes, packet));
  return session.owns6(
    sourceIpv6Word(bytes, packet, 0),
    sourceIpv6Word(bytes, packet, 1),
    sourceIpv6Word(bytes, packet, 2),
    sourceIpv6Word(bytes, packet, 3),
  );
}
