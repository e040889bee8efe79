import * as fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { Inbound } from "../../src/daemon/flow/inbound.ts";
import type { FlowSession } from "../../src/daemon/flow/ports.ts";
import { BucketPath } from "../../src/daemon/limit/path.ts";
import { TokenBucket } from "../../src/daemon/limit/token-bucket.ts";
import { controlFrame, type FrameType, frameType } from "../../src/daemon/link/frame.ts";
import { describeDestination } from "../../src/daemon/packet/describe.ts";
import { vnetToLink } from "../../src/daemon/packet/vnet.ts";
import type { OffloadFeatures } from "../../src/daemon/tun/device.ts";
import { type FakeKernel, fakeTun, noOffload } from "../fakes/tun.ts";
import { makeUnit } from "../packet/reference.ts";
import { shapes, unitFor } from "../packet/shapes.ts";
import { Counted, deliveryOf, FakeLink, packet, Sessions, shapersOf, spec } from "./parts.ts";

interface Setup {
  readonly kernel: FakeKernel;
  readonly counted: Counted;
  readonly sessions: Sessions;
  readonly ann: FlowSession;
  readonly annLink: FakeLink;
  readonly bobLink: FakeLink;
  readonly spoofs: string[];
  readonly refusals: string[];
  readonly downs: number[];
  readonly limits: Map<FlowSession, BucketPath>;
  /** Datagrams that the kernel had got when the processor was yielded. */
  readonly yields: number[];
  /** Gives a frame with this body from ann's link to the way in. */
  readonly take: (type: FrameType, body: Uint8Array) => void;
}

function setUp(
  options: {
    features?: OffloadFeatures;
    clientToClient?: boolean;
    anySource?: boolean;
    bobPeer?: OffloadFeatures;
  } = {},
): Setup {
  const { device, kernel } = fakeTun(options.features === undefined ? {} : { features: options.features });
  const counted = new Counted();
  const sessions = new Sessions();
  const annLink = new FakeLink(1);
  const ann = sessions.add(spec("ann", ["10.8.0.2", "fd00:8::2", "10.20.0.0/16", "fd20::/32"]), annLink);
  const bobLink = new FakeLink(2);
  const peer = options.bobPeer === undefined ? {} : { peer: options.bobPeer };
  sessions.add(spec("bob", ["10.8.0.3", "fd00:8::3"], { mtu: 1300, ...peer }), bobLink);
  sessions.add(spec("cat", ["10.8.0.4"]));
  const shapers = shapersOf(counted);
  bobLink.onRoom = () => {
    const bob = sessions.table.get("bob");
    if (bob !== undefined) shapers.wake(bob);
    shapers.run();
  };
  const limits = new Map<FlowSession, BucketPath>();
  const spoofs: string[] = [];
  const refusals: string[] = [];
  const downs: number[] = [];
  const yields: number[] = [];
  const { owner4, owner6 } = sessions;
  const inbound = new Inbound({
    device,
    counters: counted.values,
    policy: {
      anySource: options.anySource ?? false,
      clientToClient: options.clientToClient ?? false,
      owner4,
      owner6,
    },
    shapers,
    delivery: deliveryOf(counted, shapers),
    limits,
    now: () => 0,
    down: () => void downs.push(1),
    spoofed: ({ id }) => void spoofs.push(id),
    refused: ({ id }, bytes, at, size) => void refusals.push(`${id} ${describeDestination(bytes, at, size)}`),
    yieldProcessor: () => void yields.push(counted.totals.frames_injected),
  });
  const take = (type: FrameType, body: Uint8Array): void => {
    const memory = device.allocate(70_000);
    const frame = controlFrame(type, body);
    memory.bytes.fill(0xee);
    memory.bytes.set(frame, 16);
    inbound.accept(ann, type, memory, 20, body.length);
    inbound.settle();
    // What lies behind is another frame.
    expect(memory.bytes.subarray(16 + frame.length).every((byte) => byte === 0xee)).toBe(true);
  };
  return { kernel, counted, sessions, ann, annLink, bobLink, spoofs, refusals, downs, limits, yields, take };
}

const to = "10.8.0.1";

/** The body of an OFFLOAD frame for a unit of the kernel's. */
function offloadBody(unit: Buffer): Buffer {
  const body = Buffer.from(unit);
  if (!vnetToLink(body, 0, body.length - 10)) throw new Error("not a unit");
  return body;
}

const tcp = {
  version: 4,
  protocol: "tcp",
  options: 0,
  tcpOptions: 0,
  flags: 16,
  sequence: 1,
  id: 1,
  size: 500,
} as const;

/** A TCP unit from ann to `destination`. */
function offloadTo(destination: string, length = 2000): Buffer {
  const body = offloadBody(unitFor({ ...tcp, payload: new Uint8Array(length) }).unit);
  body.set(packet("10.8.0.2", destination).subarray(12, 20), 10 + 12);
  return body;
}

/** A datagram from ann whose checksum is still to be completed. */
function offloadUdp(length: number): Buffer {
  const datagram = packet("10.8.0.2", to, length);
  return offloadBody(makeUnit(datagram, { flags: 1, start: 20, offset: 6 }));
}

/** A UDP packet of ann's. */
function toPort(port: number): Buffer {
  const body = packet("10.8.0.2", to);
  body.writeUInt16BE(port, 22);
  return body;
}

describe("a session with rules", () => {
  it("sends what they permit, and nothing else: to the kernel as well as to another client", () => {
    const { kernel, counted, ann, bobLink, refusals, take } = setUp({ clientToClient: true });
    ann.filter = { permits: (bytes, at) => bytes[at + 23] === 53 };
    take(frameType.packet, toPort(53));
    take(frameType.packet, toPort(54));
    const other = packet("10.8.0.2", "10.8.0.3");
    other.writeUInt16BE(54, 22);
    take(frameType.packet, other);
    expect(kernel.written).toHaveLength(1);
    expect(bobLink.chunks).toHaveLength(0);
    expect(counted.drops).toEqual({ acl: 2 });
    expect(refusals).toEqual([`ann ${to} udp 54`, "ann 10.8.0.3 udp 54"]);
  });

  it("is judged by the packet inside an offload frame", () => {
    const { counted, ann, refusals, take } = setUp();
    ann.filter = { permits: () => false };
    take(frameType.offload, offloadTo(to));
    expect(counted.drops).toEqual({ acl: 1 });
    expect(refusals).toEqual([`ann ${to} tcp 443`]);
  });
});

describe("a frame that can't go on", () => {
  const lying = offloadTo(to);
  lying.writeUInt16BE(47, 4);
  const cut = packet("10.8.0.2", to).subarray(0, 40);

  test.each([
    ["bad_packet", "of an unknown version", Buffer.alloc(40)],
    ["bad_packet", "with a length that lies", cut],
    ["bad_packet", "from a group", packet("224.0.0.1", to)],
    ["bad_packet", "from loopback", packet("127.0.0.1", to)],
    ["bad_packet", "from a link-local address", packet("fe80::2", "fd00:8::1")],
    ["bad_packet", "from nowhere", packet("::", "fd00:8::1")],
    ["bad_packet", "from everybody", packet("255.255.255.255", to)],
    ["spoofed_source", "from another session's address", packet("10.8.0.3", to)],
    ["spoofed_source", "from nobody's address", packet("192.0.2.1", to)],
    ["spoofed_source", "from the address beside", packet("10.21.0.0", to)],
    ["spoofed_source", "from another's IPv6 address", packet("fd00:8::3", "fd00:8::1")],
    ["spoofed_source", "from nobody's IPv6 address", packet("fd21::1", "fd00:8::1")],
    ["spoofed_source", "from this end's own address", packet("10.8.0.1", to)],
    ["forbidden_destination", "to a group", packet("10.8.0.2", "239.1.1.1")],
    ["forbidden_destination", "to everybody", packet("10.8.0.2", "255.255.255.255")],
    ["forbidden_destination", "to loopback", packet("10.8.0.2", "127.0.0.1")],
    ["forbidden_destination", "to an IPv6 link-local address", packet("fd00:8::2", "fe80::1")],
    ["client_to_client", "to another client", packet("10.8.0.2", "10.8.0.3")],
    ["client_to_client", "to another client's IPv6 address", packet("fd00:8::2", "fd00:8::3")],
    ["client_to_client", "to a client without link", packet("10.8.0.2", "10.8.0.4")],
  ] as const)("is counted once as %s: %s", (reason, _what, body) => {
    const { kernel, counted, spoofs, take } = setUp();
    take(frameType.packet, body);
    expect(counted.drops).toEqual({ [reason]: 1 });
    expect(counted.totals).toMatchObject({ rx_packets: 1, rx_bytes: body.length, frames_injected: 0 });
    expect(kernel.written).toEqual([]);
    expect(spoofs).toEqual(reason === "spoofed_source" ? ["ann"] : []);
  });

  it("is counted once as bad_offload when its fields lie, or the device can't take it", () => {
    const { counted, take } = setUp();
    take(frameType.offload, lying);
    expect(counted.drops).toEqual({ bad_offload: 1 });
    const plain = setUp({ features: noOffload });
    plain.take(frameType.offload, offloadTo(to));
    expect(plain.counted.drops).toEqual({ bad_offload: 1 });
    expect(plain.kernel.written).toEqual([]);
  });

  it("is counted once as tun_refused when the kernel does not take it, and a device that is down is told of", () => {
    const { kernel, counted, downs, take } = setUp();
    kernel.setFull(true);
    take(frameType.packet, packet("10.8.0.2", to));
    expect([counted.drops, downs]).toEqual([{ tun_refused: 1 }, []]);
    kernel.setUp(false);
    take(frameType.packet, packet("10.8.0.2", to));
    expect([counted.drops, downs]).toEqual([{ tun_refused: 2 }, [1]]);
  });
});

describe("a frame that is well", () => {
  it("is injected behind a plain header, from each address and network that its session has", () => {
    const { kernel, counted, spoofs, take } = setUp();
    const bodies = [
      packet("10.8.0.2", to),
      packet("10.20.255.1", "192.0.2.1", 1400),
      packet("fd00:8::2", "fd00:8::1"),
      packet("fd20:0:ffff::1", "2001:db8::1"),
    ];
    for (const body of bodies) take(frameType.packet, body);
    expect(kernel.written).toEqual(bodies.map((body) => Buffer.concat([Buffer.alloc(10), body])));
    expect(counted.totals).toMatchObject({ rx_packets: 4, frames_injected: 4, tx_packets: 0 });
    expect([counted.drops, spoofs]).toEqual([{}, []]);
  });

  it("of several segments is injected with the kernel's header", () => {
    const { kernel, counted, take } = setUp();
    take(frameType.offload, offloadTo(to));
    const expected = unitFor({ ...tcp, payload: new Uint8Array(2000) }).unit;
    expected.writeUInt16LE(40, 2);
    expected.set(packet("10.8.0.2", to).subarray(12, 20), 10 + 12);
    expect(kernel.written).toEqual([expected]);
    expect(counted.totals).toMatchObject({ rx_packets: 1, rx_bytes: 2040, frames_injected: 1 });
  });

  it("may be from anywhere where the peer is a server", () => {
    const { kernel, counted, take } = setUp({ anySource: true });
    take(frameType.packet, packet("203.0.113.7", "10.8.0.2"));
    expect(kernel.written).toHaveLength(1);
    expect(counted.drops).toEqual({});
  });
});

describe("datagrams in a row", () => {
  const datagram = offloadUdp(200);

  it("let their reader have the processor after each 32", () => {
    const { yields, take } = setUp();
    for (let count = 0; count < 100; count++) take(frameType.offload, datagram);
    expect(yields).toEqual([32, 64, 96]);
  });

  it("are counted by themselves: a TCP stream goes on", () => {
    const { yields, take } = setUp();
    for (let count = 0; count < 31; count++) take(frameType.offload, datagram);
    for (let count = 0; count < 100; count++) take(frameType.offload, offloadTo(to));
    expect(yields).toEqual([]);
    take(frameType.offload, datagram);
    expect(yields).toEqual([132]);
  });
});

describe("from one client to another, where that is allowed", () => {
  const passOn = { clientToClient: true };

  it("goes straight to the other's link, as it came", () => {
    const { kernel, counted, bobLink, take } = setUp(passOn);
    const bodies = [
      packet("10.8.0.2", "10.8.0.3"),
      packet("fd00:8::2", "fd00:8::3"),
      packet("10.20.0.1", "10.8.0.3", 1272),
    ];
    for (const body of bodies) take(frameType.packet, body);
    take(frameType.offload, offloadTo("10.8.0.3"));
    expect(bobLink.frames).toEqual([
      ...bodies.map((body) => ({ type: frameType.packet, body })),
      { type: frameType.offload, body: offloadTo("10.8.0.3") },
    ]);
    expect(bobLink.chunks.map(({ units }) => units)).toEqual([1, 1, 1, 1]);
    expect(counted.totals).toMatchObject({ rx_packets: 4, tx_packets: 4, frames_injected: 4, frames_accepted: 4 });
    expect(counted.totals.tx_bytes).toBe(counted.totals.rx_bytes);
    expect([counted.drops, kernel.written]).toEqual([{}, []]);
  });

  it("to itself goes through the kernel", () => {
    const { kernel, take } = setUp(passOn);
    take(frameType.packet, packet("10.8.0.2", "10.20.0.1"));
    expect(kernel.written).toHaveLength(1);
  });

  it("still must have a source of its own", () => {
    const { counted, bobLink, take } = setUp(passOn);
    take(frameType.packet, packet("10.8.0.4", "10.8.0.3"));
    expect([counted.drops, bobLink.chunks]).toEqual([{ spoofed_source: 1 }, []]);
  });

  it("is split for one without offload, and answered when it is larger than the other's MTU", () => {
    const plain = setUp({ ...passOn, bobPeer: noOffload });
    plain.take(frameType.offload, offloadTo("10.8.0.3"));
    expect(plain.bobLink.frames.map(({ type }) => type)).toContain(frameType.packet);
    expect(plain.bobLink.frames.every(({ type }) => type === frameType.packet)).toBe(true);
    expect(plain.counted.totals).toMatchObject({ frames_injected: 1, frames_accepted: plain.bobLink.frames.length });
    const big = setUp(passOn);
    big.take(frameType.packet, packet("10.8.0.2", "10.8.0.3", 1273));
    const [answer] = big.annLink.frames;
    // ICMP "fragmentation needed" with bob's MTU (RFC 1191).
    expect([answer?.body[9], answer?.body[20], answer?.body[21], answer?.body.readUInt16BE(26)]).toEqual([
      1, 3, 4, 1300,
    ]);
    expect(big.counted.drops).toEqual({ peer_too_big: 1 });
  });

  it("is counted once when the other can't get it for want of a link, and waits for one that is behind", () => {
    const none = setUp(passOn);
    none.take(frameType.packet, packet("10.8.0.2", "10.8.0.4"));
    const behind = setUp(passOn);
    behind.bobLink.slow = true;
    behind.bobLink.capacity = 8_000;
    for (let n = 0; n < 11; n++) behind.take(frameType.packet, packet("10.8.0.2", "10.8.0.3", 972));
    expect(none.counted.dropped).toBe(1);
    expect(none.counted.totals).toMatchObject({ frames_injected: 0, frames_accepted: 0 });
    expect(behind.bobLink.frames).toHaveLength(8);
    expect(behind.counted.totals).toMatchObject({ frames_injected: 11, frames_accepted: 8 });
    behind.bobLink.drain();
    expect(behind.bobLink.frames).toHaveLength(11);
    expect(behind.counted.totals).toMatchObject({ frames_injected: 11, frames_accepted: 11, tx_packets: 11 });
    expect(behind.counted.drops).toEqual({});
  });
});

describe("a peer that is limited", () => {
  it("loses what is too much, counted once a frame; a unit counts its packets", () => {
    const { take, counted, limits, ann, kernel } = setUp();
    const bucket = new TokenBucket({ unit: "packets", perSecond: 10, burst: 2 }, 0);
    limits.set(ann, new BucketPath([bucket]));
    take(frameType.packet, packet("10.8.0.2", to));
    take(frameType.offload, offloadTo(to));
    take(frameType.offload, offloadTo(to));
    expect(kernel.written).toHaveLength(2);
    expect(counted.drops).toEqual({ over_rate: 1 });
    expect(bucket.taken).toBe(1 + bucket.dropped);
    expect(bucket.dropped).toBeGreaterThan(1);
  });
});

describe("whatever the peer sends", () => {
  const address = fc.constantFrom("10.8.0.1", "10.8.0.2", "10.8.0.3", "10.8.0.4", "10.20.1.1", "224.0.0.1", "8.8.8.8");
  const plain = fc
    .tuple(address, address, fc.nat({ max: 1500 }))
    .map(([from, target, size]) => ({ type: frameType.packet as FrameType, body: packet(from, target, size) }));
  const junk = fc
    .uint8Array({ minLength: 20, maxLength: 200 })
    .map((bytes) => ({ type: frameType.packet as FrameType, body: Buffer.from(bytes) }));
  const offload = shapes.map((shape) => ({
    type: frameType.offload as FrameType,
    body: offloadBody(unitFor(shape).unit),
  }));
  const spoilt = fc.tuple(fc.oneof(plain, offload), fc.nat(), fc.nat({ max: 255 })).map(([frame, at, value]) => {
    const body = Buffer.from(frame.body);
    body[at % Math.min(80, body.length)] = value;
    return { ...frame, body };
  });

  it("is injected, passed on or dropped for one reason, each frame once", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(plain, junk, offload, spoilt), { maxLength: 60 }),
        fc.boolean(),
        fc.boolean(),
        fc.boolean(),
        (frames, clientToClient, anySource, dull) => {
          const setup = setUp({ clientToClient, anySource, ...(dull ? { features: noOffload } : {}) });
          for (const { type, body } of frames) setup.take(type, body);
          const { totals, dropped } = setup.counted;
          expect(totals.rx_packets).toBe(frames.length);
          expect(totals.frames_injected + dropped).toBe(frames.length);
          const passedOn = setup.bobLink.frames.length;
          expect(setup.kernel.written.length + passedOn).toBe(totals.frames_injected);
          const answers = setup.annLink.frames.length;
          expect([totals.frames_accepted, totals.tx_packets]).toEqual([passedOn + answers, passedOn]);
        },
      ),
      { numRuns: 150 },
    );
  });
});
