import * as fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { Outbound } from "../../src/daemon/flow/outbound.ts";
import type { Shapers } from "../../src/daemon/flow/shapers.ts";
import { frameType } from "../../src/daemon/link/frame.ts";
import { deviceDown, type OffloadFeatures, refused, type TunDevice } from "../../src/daemon/tun/device.ts";
import { type FakeKernel, fakeTun, fullOffload, noOffload } from "../fakes/tun.ts";
import { checksumsHold, makeUnit, protocolNumber } from "../packet/reference.ts";
import { shapes, unitFor } from "../packet/shapes.ts";
import { Counted, FakeLink, packet, readBuffers, Sessions, shapersOf, spec } from "./parts.ts";

const kib = 1024;

interface Setup {
  readonly kernel: FakeKernel;
  readonly outbound: Outbound;
  readonly counted: Counted;
  readonly sessions: Sessions;
  readonly shapers: Shapers;
  readonly downs: number[];
}

interface Options {
  nobody?: "not_here";
  exclusive?: boolean;
  /** Everything is for the one session. */
  client?: boolean;
  /** What every arrival is instead of a unit. */
  landed?: number;
  /** Called when the device is asked for more. */
  asked?: () => unknown;
  queueBytes?: number;
}

function observed(device: TunDevice, { asked, landed }: Options): TunDevice {
  return {
    ...device,
    read(...place) {
      asked?.();
      return device.read(...place);
    },
    startReading(reader) {
      device.startReading({ landing: () => reader.landing(), landed: (length) => reader.landed(landed ?? length) });
    },
  };
}

function setUp(options: Options = {}): Setup {
  const { device, kernel } = fakeTun();
  const sessions = new Sessions();
  const counted = new Counted();
  const shapers = shapersOf(counted, options.queueBytes);
  const downs: number[] = [];
  const { owner4, owner6 } = sessions;
  const outbound = new Outbound({
    device: observed(device, options),
    destinations: {
      owner4,
      owner6,
      nobody: options.nobody ?? "no_session",
      exclusive: options.exclusive ?? false,
      get only() {
        return options.client === true ? sessions.table.first : undefined;
      },
    },
    counters: counted.values,
    buffers: readBuffers(device),
    shapers,
    now: () => performance.now(),
    down: () => {
      downs.push(1);
      outbound.hold();
    },
  });
  outbound.start();
  return { kernel, outbound, counted, sessions, shapers, downs };
}

/** Lets everything that is due run. */
async function turns(count = 10): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

const ann = "10.8.0.2";
const bob = "10.8.0.3";

describe("a packet that can't go on", () => {
  const gre = makeUnit(packet("10.8.0.1", ann), { flags: 1, gso: 7, size: 100 });
  const truncated = packet("10.8.0.1", ann).subarray(0, 30);
  const routed = packet("fd00::1", "fd00::2");
  routed[6] = 43;
  routed.set([17, 0, 0, 0], 40);

  test.each([
    ["malformed", "an unknown version", makeUnit(Buffer.alloc(40), {})],
    ["malformed", "a length that lies", makeUnit(truncated, {})],
    ["malformed", "less than a header", Buffer.alloc(9)],
    ["malformed", "no packet at all", Buffer.alloc(10)],
    ["malformed", "an unknown kind of segmentation", gre],
    ["malformed", "a routing header of type 0", makeUnit(routed, {})],
    ["not_routable", "to a group", makeUnit(packet("10.8.0.1", "224.0.0.251"), {})],
    ["not_routable", "to everybody", makeUnit(packet("10.8.0.1", "255.255.255.255"), {})],
    ["not_routable", "to a link-local address", makeUnit(packet("10.8.0.1", "169.254.1.1"), {})],
    ["not_routable", "to an IPv6 group", makeUnit(packet("fd00::1", "ff02::2"), {})],
    ["not_routable", "to an IPv6 link-local address", makeUnit(packet("fd00::1", "fe80::2"), {})],
    ["not_routable", "to nowhere", makeUnit(packet("fd00::1", "::"), {})],
    ["no_session", "to nobody", makeUnit(packet("10.8.0.1", "10.8.9.9"), {})],
    ["no_session", "to nobody's IPv6 address", makeUnit(packet("fd00::1", "fd00::99"), {})],
    ["not_here", "to nobody of this server, in a cluster", makeUnit(packet("10.8.0.1", "10.8.9.9"), {})],
    ["no_link", "to a session without link", makeUnit(packet("10.8.0.1", bob), {})],
    ["too_big", "over the MTU", makeUnit(packet("10.8.0.1", ann, 1500 - 28 + 1), {})],
    ["too_big", "over the MTU in IPv6", makeUnit(packet("fd00::1", "fd00::2", 1500 - 48 + 1), {})],
    ["queue_full", "to a peer that is behind", makeUnit(packet("10.8.0.1", "10.8.0.4"), {})],
  ] as const)("is counted once as %s: %s", async (reason, _what, unit) => {
    const { kernel, counted, sessions } = setUp({
      queueBytes: 10,
      ...(reason === "not_here" ? { nobody: reason } : {}),
    });
    const link = new FakeLink(1);
    sessions.add(spec("ann", [ann, "fd00::2"]), link);
    sessions.add(spec("bob", [bob]));
    const behind = new FakeLink(2, true);
    behind.capacity = 0;
    sessions.add(spec("cat", ["10.8.0.4"]), behind);
    kernel.inject(unit);
    kernel.injectPacket(packet("10.8.0.1", ann));
    await kernel.whenDrained();
    expect(counted.drops).toEqual({ [reason]: 1 });
    expect(counted.totals).toMatchObject({ frames_accepted: 1, tx_packets: 1, tx_bytes: 48 });
    expect(link.frames).toHaveLength(1);
    expect(behind.chunks).toEqual([]);
  });
});

describe("a packet that is too big", () => {
  it.each([4, 6] as const)("is answered by ICMPv%s in the name of its destination", async (version) => {
    const { kernel, sessions } = setUp();
    sessions.add(spec("ann", [ann, "fd00::2"], { mtu: 1300 }), new FakeLink(1));
    const [from, to] = version === 4 ? ["10.8.0.1", ann] : ["fd00::1", "fd00::2"];
    const big = packet(from, to, 1400);
    kernel.injectPacket(big);
    const [unit] = await kernel.whenWritten(1);
    if (unit === undefined) return expect.fail();
    expect(unit.subarray(0, 10)).toEqual(Buffer.alloc(10));
    const answer = unit.subarray(10);
    const [at, addresses] = version === 4 ? [20, 12] : [40, 8];
    expect(answer.subarray(addresses, at)).toEqual(packet(to, from).subarray(addresses, at));
    const type = [answer[at], answer[at + 1]];
    if (version === 4) expect([...type, answer.readUInt16BE(at + 6)]).toEqual([3, 4, 1300]);
    else expect([...type, answer.readUInt32BE(at + 4)]).toEqual([2, 0, 1300]);
    expect(answer.subarray(at + 8)).toEqual(big.subarray(0, answer.length - at - 8));
  });

  it("is judged by its segments when it is to be cut, and is not answered when it is an answer", async () => {
    const { kernel, counted, sessions } = setUp();
    const link = new FakeLink(1);
    sessions.add(spec("ann", [ann], { mtu: 1000 }), link);
    const shape = { version: 4, protocol: "tcp", options: 0, tcpOptions: 0, flags: 16, sequence: 1, id: 1 } as const;
    const unit = (size: number): Buffer => unitFor({ ...shape, payload: new Uint8Array(5000), size }).unit;
    kernel.inject(unit(960));
    await kernel.whenDrained();
    expect([link.frames.length, counted.drops]).toEqual([1, {}]);
    kernel.inject(unit(961));
    await kernel.whenWritten(1);
    expect(counted.drops).toEqual({ too_big: 1 });
    const error = packet("10.8.0.1", ann, 1200);
    error[9] = 1;
    error[20] = 3;
    kernel.injectPacket(error);
    await kernel.whenDrained();
    expect(counted.drops).toEqual({ too_big: 2 });
    expect(kernel.written).toHaveLength(1);
  });
});

describe("runs of frames", () => {
  it("go to their link in one piece, in the order of the packets", async () => {
    const { kernel, sessions } = setUp();
    const [one, two] = [new FakeLink(1), new FakeLink(2)];
    sessions.add(spec("ann", [ann]), one);
    sessions.add(spec("bob", [bob]), two);
    const units = [ann, ann, "10.8.9.9", ann, bob, bob, ann].map((to, index) => packet("10.8.0.1", to, index + 1));
    for (const unit of units) kernel.injectPacket(unit);
    await kernel.whenDrained();
    expect(one.chunks.map((chunk) => [chunk.units, chunk.inner])).toEqual([
      [3, 3 * 28 + 7],
      [1, 28 + 7],
    ]);
    expect(two.chunks.map((chunk) => [chunk.units, chunk.inner])).toEqual([[2, 2 * 28 + 11]]);
    expect(one.frames.map(({ body }) => body)).toEqual([units[0], units[1], units[3], units[6]]);
  });

  it("hold every packet that was accepted and nothing else, whatever comes", async () => {
    const address = fc.constantFrom(ann, bob, "fd00::2", "10.8.9.9", "224.0.0.1", "10.20.1.1");
    const input = fc.record({ to: address, size: fc.oneof(fc.nat({ max: 60 }), fc.nat({ max: 1600 })) });
    await fc.assert(
      fc.asyncProperty(fc.array(input, { maxLength: 300 }), fc.boolean(), async (inputs, exclusive) => {
        const { kernel, counted, sessions } = setUp({ exclusive });
        const links = [new FakeLink(1), new FakeLink(2), new FakeLink(3)];
        sessions.add(spec("ann", [ann, "fd00::2", "10.20.0.0/16"]), ...links.slice(0, 2));
        sessions.add(spec("bob", [bob], { mtu: 1000 }), ...links.slice(2));
        const expected: Buffer[] = [];
        for (const { to, size } of inputs) {
          const bytes = packet(to.includes(":") ? "fd00::1" : "10.8.0.1", to, size);
          kernel.injectPacket(bytes);
          const mtu = to === bob ? 1000 : 1500;
          if (to !== "10.8.9.9" && to !== "224.0.0.1" && bytes.length <= mtu) expected.push(bytes);
        }
        await kernel.whenDrained();
        await turns(2);
        const bodies = links.flatMap((link) => link.frames.map(({ body }) => body.toString("hex")));
        expect(bodies.toSorted()).toEqual(expected.map((bytes) => bytes.toString("hex")).toSorted());
        for (const link of links) {
          const frames = link.frames;
          expect(frames.every(({ type }) => type === frameType.packet)).toBe(true);
          const sum = (of: "units" | "inner"): number => link.chunks.reduce((total, chunk) => total + chunk[of], 0);
          expect(sum("units")).toBe(frames.length);
          expect(sum("inner")).toBe(frames.reduce((total, { body }) => total + body.length, 0));
        }
        expect(counted.totals.frames_accepted).toBe(expected.length);
        expect(counted.totals.frames_accepted + counted.dropped).toBe(inputs.length);
      }),
      { numRuns: 40 },
    );
  });
});

function order(id: number): Buffer {
  return packet("10.8.0.1", ann, Buffer.from([id]));
}

async function sent(unit: Buffer, peer: OffloadFeatures): Promise<{ link: FakeLink; counted: Counted }> {
  const { kernel, counted, sessions } = setUp();
  const link = new FakeLink(1);
  sessions.add(spec("ann", [ann, "fd00:8::2"], { mtu: 65_535, peer }), link);
  for (const one of [makeUnit(order(1), {}), unit, makeUnit(order(2), {})]) kernel.inject(one);
  await kernel.whenDrained();
  return { link, counted };
}

describe("a peer without offload", () => {
  it("gets whole packets with right checksums, in their order among the others", async () => {
    await fc.assert(
      fc.asyncProperty(shapes, async (shape) => {
        const { unit, transport, packet: whole } = unitFor(shape);
        const { link, counted } = await sent(unit, noOffload);
        const frames = link.frames.map(({ body }) => body);
        expect(link.frames.every(({ type }) => type === frameType.packet)).toBe(true);
        expect([frames[0], frames.at(-1)]).toEqual([order(1), order(2)]);
        const parts = frames.slice(1, -1);
        expect(parts).toHaveLength(Math.ceil(shape.payload.length / shape.size));
        for (const part of parts) expect(checksumsHold(part, transport, protocolNumber[shape.protocol])).toBe(true);
        const headers = whole.length - shape.payload.length;
        expect(Buffer.concat(parts.map((part) => part.subarray(headers)))).toEqual(Buffer.from(shape.payload));
        expect(counted.totals.frames_accepted).toBe(frames.length);
        expect(counted.drops).toEqual({});
      }),
      { numRuns: 60 },
    );
  });

  const tcp = {
    version: 4,
    protocol: "tcp",
    options: 0,
    tcpOptions: 0,
    flags: 16,
    sequence: 1,
    id: 1,
    size: 100,
  } as const;
  const unit = unitFor({ ...tcp, payload: new Uint8Array(1000) }).unit;

  test.each([
    ["everything", fullOffload, 1],
    ["TCP over IPv4 alone", { ...noOffload, checksum: true, tso4: true }, 1],
    ["no TCP over IPv4", { ...fullOffload, tso4: false }, 10],
    ["no checksums", { ...fullOffload, checksum: false }, 10],
  ])("is judged by what it can inject: %s", async (_what, peer, frames) => {
    const { link } = await sent(unit, peer);
    expect(link.frames).toHaveLength(frames + 2);
    expect(link.frames[1]?.type).toBe(frames === 1 ? frameType.offload : frameType.packet);
  });

  it("that is behind loses the parts, each counted", async () => {
    const { kernel, counted, sessions } = setUp({ queueBytes: 50 });
    const link = new FakeLink(1);
    link.capacity = 0;
    sessions.add(spec("ann", [ann], { peer: noOffload }), link);
    kernel.inject(unit);
    await kernel.whenDrained();
    expect(counted.drops).toEqual({ queue_full: 10 });
    expect(counted.totals.frames_accepted).toBe(0);
  });
});

describe("a TUN that sessions share", () => {
  it("does not wait for a slow peer: its queue is bounded, its packets are counted, the others lose nothing", async () => {
    const { kernel, counted, sessions, shapers } = setUp({ queueBytes: 512 * kib });
    const [slow, fast] = [new FakeLink(1, true), new FakeLink(2)];
    const behind = sessions.add(spec("ann", [ann]), slow);
    slow.onRoom = () => {
      shapers.wake(behind);
      shapers.run();
    };
    sessions.add(spec("bob", [bob]), fast);
    let sentTo = 0;
    for (let round = 0; round < 60; round++) {
      // Runs that are lent, and runs that are copied.
      const run = round % 2 === 0 ? 60 : 5;
      for (const to of [ann, bob]) {
        for (let n = 0; n < run; n++) kernel.injectPacket(packet("10.8.0.1", to, 1400));
      }
      sentTo += run;
      await kernel.whenDrained();
      await turns(1);
    }
    expect(slow.mostQueued).toBeLessThanOrEqual(1024 * kib + 2 * kib);
    expect(slow.mostQueued).toBeGreaterThan(900 * kib);
    expect(fast.frames).toHaveLength(sentTo);
    const { queue_full: dropped = 0 } = counted.drops;
    const waiting = sentTo - slow.frames.length - dropped;
    expect(waiting * 1428).toBeGreaterThan(200 * kib);
    expect(waiting * 1428).toBeLessThanOrEqual(512 * kib);
    expect(counted.totals.frames_accepted).toBe(slow.frames.length + sentTo);
    expect(slow.chunks.filter(({ lent }) => lent).length).toBeLessThanOrEqual(1);
    kernel.injectPacket(packet("10.8.0.1", ann));
    await kernel.whenDrained();
    slow.drain();
    expect(slow.frames).toHaveLength(sentTo - dropped + 1);
    expect(counted.dropped).toBe(dropped);
  });

  it("is read on with many slow peers", async () => {
    const { kernel, counted, sessions } = setUp();
    const slow = Array.from({ length: 20 }, (_, index) => new FakeLink(index + 1, true));
    for (const [index, link] of slow.entries()) sessions.add(spec(`s${index}`, [`10.8.1.${index}`]), link);
    const fast = new FakeLink(100);
    sessions.add(spec("bob", [bob]), fast);
    for (const [index] of slow.entries()) {
      for (let n = 0; n < 40; n++) kernel.injectPacket(packet("10.8.0.1", `10.8.1.${index}`, 1400));
    }
    for (let n = 0; n < 200; n++) kernel.injectPacket(packet("10.8.0.1", bob, 1400));
    await kernel.whenDrained();
    expect(fast.frames).toHaveLength(200);
    expect(slow.map((link) => link.frames.length)).toEqual(slow.map(() => 40));
    expect(counted.drops).toEqual({});
  });
});

describe("a TUN of one session", () => {
  const payloads = Array.from({ length: 2500 }, (_, n) => packet("10.8.0.1", ann, Buffer.alloc(1400, n)));

  function full(): Setup & { link: FakeLink } {
    const setup = setUp({ exclusive: true });
    const link = new FakeLink(1, true);
    setup.sessions.add(spec("ann", [ann]), link);
    for (const bytes of payloads) setup.kernel.injectPacket(bytes);
    return { ...setup, link };
  }

  it("is not read while every buffer is lent, and loses nothing", async () => {
    const { kernel, counted, link } = full();
    await turns();
    const waiting = kernel.waiting;
    expect(waiting).toBeGreaterThan(1500);
    expect(link.queuedBytes).toBeLessThanOrEqual(4 * 256 * kib);
    await turns();
    expect(kernel.waiting).toBe(waiting);
    while (kernel.waiting > 0) {
      link.drain();
      await turns(2);
    }
    expect(link.frames.map(({ body }) => body)).toEqual(payloads);
    expect(counted.drops).toEqual({});
    expect(counted.totals.frames_accepted).toBe(payloads.length);
  });

  it("is not read while it is held, also when buffers come back", async () => {
    const { kernel, outbound, link } = full();
    await turns();
    const waiting = kernel.waiting;
    outbound.hold();
    link.drain();
    await turns();
    expect(kernel.waiting).toBe(waiting);
    link.slow = false;
    outbound.release();
    await kernel.whenDrained();
    expect(link.frames).toHaveLength(payloads.length);
    outbound.release();
  });
});

test("small packets that a slow link has no room for wait in the kernel, where they are not late", async () => {
  const { kernel, outbound, counted, sessions, shapers } = setUp({ exclusive: true, client: true });
  const link = new FakeLink(1, true);
  const session = sessions.add(spec("ann", [ann]), link);
  Object.assign(link, { bounded: true, pace: 25_000, roomIn: 1, capacity: 8 * kib, settled: false });
  const payloads = Array.from({ length: 5000 }, (_, n) => packet("10.8.0.1", ann, Buffer.alloc(60, n)));
  for (const bytes of payloads) kernel.injectPacket(bytes);
  await turns();
  const { waiting } = kernel;
  expect(waiting).toBeGreaterThan(4000);
  await turns();
  expect(kernel.waiting).toBe(waiting);
  link.onRoom = () => {
    shapers.wake(session);
    shapers.run();
    outbound.resume();
  };
  while (link.frames.length < payloads.length) {
    link.drain();
    await turns(2);
  }
  expect(link.frames.map(({ body }) => body)).toEqual(payloads);
  expect(counted.drops).toEqual({});
});

test("a device that goes down is told of once", async () => {
  const { kernel, counted, downs } = setUp({ landed: deviceDown });
  kernel.injectPacket(packet("10.8.0.1", ann));
  await turns();
  expect(downs).toHaveLength(1);
  expect(counted.drops).toEqual({});
});

test("a unit that the kernel refuses to hand over is counted, and the next ones are read", async () => {
  const { kernel, counted, downs } = setUp({ landed: refused });
  for (let index = 0; index < 3; index++) kernel.injectPacket(packet("10.8.0.1", ann));
  await kernel.whenDrained();
  expect([counted.drops.malformed, downs]).toEqual([3, []]);
});

test("a unit that comes alone, as the one before did, is sent before the device is asked for more", async () => {
  const link = new FakeLink(1);
  const sent: number[] = [];
  const { kernel, sessions } = setUp({ asked: () => sent.push(link.chunks.length) });
  sessions.add(spec("ann", [ann]), link);
  for (let index = 0; index < 2; index++) {
    kernel.injectPacket(packet("10.8.0.1", ann));
    await kernel.whenDrained();
  }
  expect(sent).toEqual([0, 2]);
});
