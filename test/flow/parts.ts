import { DataSession, type SessionSpec } from "../../src/daemon/session/data-session.ts";
import { SessionTable } from "../../src/daemon/session/session-table.ts";
import { systemClock } from "../../src/shared/clock.ts";
import { ReadBuffers } from "../../src/daemon/flow/read-buffers.ts";
import { Shapers } from "../../src/daemon/flow/shapers.ts";
import type { FlowLink } from "../../src/daemon/flow/ports.ts";
import type { Lender } from "../../src/daemon/link/send-queue.ts";
import { Delivery } from "../../src/daemon/flow/delivery.ts";
import { createCounters, readDrops, readTotals } from "../../src/daemon/metrics/counters.ts";
import type { TunBuffer, TunDevice } from "../../src/daemon/tun/device.ts";
import { addressBytes } from "../../src/shared/address.ts";
import { fullOffload } from "../fakes/tun.ts";
import { frameHeaderBytes, frameLength } from "../../src/daemon/link/frame.ts";
import { makePacket } from "../packet/reference.ts";
import { addressOf, prefixOf } from "../session/addresses.ts";

interface Chunk {
  readonly bytes: Buffer;
  readonly units: number;
  readonly inner: number;
  readonly lent: boolean;
}

/** A link whose socket takes everything, or nothing until `drain`. */
export class FakeLink implements FlowLink {
  readonly group = 0;
  readonly id: number;
  readonly index = 0;
  readonly chunks: Chunk[] = [];
  queuedBytes = 0;
  /** Bytes that the socket takes before it is full. */
  capacity = 1024 * 1024;
  bounded = false;
  pace: number | undefined = 1_000_000;
  settled = true;
  /** Called when the socket has written something. */
  onRoom: () => void = () => undefined;
  mostQueued = 0;
  slow: boolean;
  #waiting: { bytes: Uint8Array; lender: Lender | undefined; chunk: Chunk }[] = [];

  constructor(id: number, slow = false) {
    this.id = id;
    this.slow = slow;
  }

  send(bytes: Uint8Array, units: number, innerBytes: number, lender: Lender | undefined): void {
    const chunk = { bytes: Buffer.from(bytes), units, inner: innerBytes, lent: lender !== undefined };
    this.chunks.push(chunk);
    this.#waiting.push({ bytes, lender, chunk });
    this.queuedBytes += bytes.length;
    this.mostQueued = Math.max(this.mostQueued, this.queuedBytes);
    if (!this.slow) setImmediate(() => this.drain());
  }

  /** The socket has written everything; what it wrote was still what it was given. */
  drain(): void {
    for (const { bytes, lender, chunk } of this.#waiting.splice(0)) {
      if (!chunk.bytes.equals(bytes)) throw new Error("bytes changed while they were lent");
      this.queuedBytes -= bytes.length;
      lender?.giveBack();
    }
    this.onRoom();
  }

  roomIn: number | undefined = undefined;

  get room(): number {
    return this.capacity - this.queuedBytes;
  }

  get stream(): Buffer {
    return Buffer.concat(this.chunks.map(({ bytes }) => bytes));
  }

  /** Frames of the stream, found by the product's own parser. */
  get frames(): { type: number; body: Buffer }[] {
    return framesOf(this.stream);
  }
}

export function framesOf(stream: Buffer): { type: number; body: Buffer }[] {
  const frames: { type: number; body: Buffer }[] = [];
  for (let at = 0; at < stream.length; ) {
    const length = frameLength(stream, at, stream.length);
    if (length < 0 || at + length > stream.length) throw new Error(`no whole frame at ${at}: ${length}`);
    frames.push({ type: stream.readUInt8(at), body: stream.subarray(at + frameHeaderBytes, at + length) });
    at += length;
  }
  return frames;
}

export function spec(id: string, own: readonly string[], more: Partial<SessionSpec> = {}): SessionSpec {
  return { id, identity: id, prefixes: own.map(prefixOf), mtu: 1500, peer: fullOffload, acl: [], ...more };
}

/** Sessions with links, as a data thread has them. */
export class Sessions {
  readonly table = new SessionTable<FlowLink>(() => 0);
  readonly owner4 = (word: number): DataSession<FlowLink> | undefined => this.table.owner4(word);
  readonly owner6 = (a: number, b: number, c: number, d: number): DataSession<FlowLink> | undefined =>
    this.table.owner6(a, b, c, d);

  add(session: SessionSpec, ...links: FlowLink[]): DataSession<FlowLink> {
    const added = this.table.put(session);
    for (const link of links) added.add(link);
    return added;
  }
}

/** A whole UDP packet of `payload` bytes or with that payload. */
export function packet(from: string, to: string, payload: number | Uint8Array = 20): Buffer {
  const body = typeof payload === "number" ? new Uint8Array(payload) : payload;
  const version = to.includes(":") ? 6 : 4;
  const shape = {
    version,
    protocol: "udp",
    options: 0,
    tcpOptions: 0,
    flags: 0,
    sequence: 0,
    id: 1,
    payload: body,
  } as const;
  const bytes = Buffer.from(makePacket(shape).packet);
  bytes.set(addressBytes(addressOf(from)), version === 4 ? 12 : 8);
  bytes.set(addressBytes(addressOf(to)), version === 4 ? 16 : 24);
  return bytes;
}

/** Delivery that counts with these shapers. */
export function deliveryOf(counted: Counted, shapers: Shapers): Delivery {
  return new Delivery({ counters: counted.values, shapers, now: () => 0 });
}

/** Shapers on the system's clock whose queues may hold so much. */
export function shapersOf(counted: Counted, queueBytes: number = 32 * 1024 * 1024): Shapers {
  return new Shapers({ clock: systemClock, counters: counted.values, queueBytes, waited: () => undefined });
}

/** Read buffers of a device, made when they are needed. */
export function readBuffers(device: TunDevice): ReadBuffers {
  const make = (): TunBuffer => device.allocate(256 * 1024);
  return new ReadBuffers({ most: 4, kept: 0, make, giveUp: (memory) => device.release(memory) });
}

/** Counters with what they say. */
export class Counted {
  readonly values = createCounters();

  get totals(): ReturnType<typeof readTotals> {
    return readTotals([this.values]);
  }

  get drops(): ReturnType<typeof readDrops> {
    return readDrops([this.values]);
  }

  get dropped(): number {
    return Object.values(this.drops).reduce((sum, count) => sum + count, 0);
  }
}
