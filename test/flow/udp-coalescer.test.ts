import * as fc from "fast-check";
import { expect, it } from "vitest";
import { UdpCoalescer } from "../../src/daemon/flow/udp-coalescer.ts";
import { checkOffload } from "../../src/daemon/packet/offload.ts";
import { splitLength, splitUnit } from "../../src/daemon/packet/segment.ts";
import { vnetToLink } from "../../src/daemon/packet/vnet.ts";
import { allocateMemory } from "../../src/daemon/sys/memory.ts";
import { checksumsHold, makePacket, makeUnit } from "../packet/reference.ts";

interface Datagram {
  readonly version: 4 | 6;
  readonly flow: number;
  readonly payload: Uint8Array;
}

const virtioHeader = 10;

/** A datagram as a sender's kernel hands it to its TUN: the checksum is still to be completed. */
function unitOf({ version, flow, payload }: Datagram): Buffer {
  const shape = { version, protocol: "udp", options: 0, tcpOptions: 0, flags: 0, sequence: 0, id: 7, payload } as const;
  const { packet, transport } = makePacket(shape);
  // Other flows have another source port; the checksum's field covers no ports.
  packet[transport + 1] = flow;
  // "Don't fragment": the identification means nothing.
  if (version === 4) {
    packet[6] = 0x40;
    new DataView(packet.buffer).setUint16(10, 0);
    const sum = packet.slice(0, 20).reduce((total, byte, index) => total + (index % 2 === 0 ? byte << 8 : byte), 0);
    new DataView(packet.buffer).setUint16(10, ~((sum & 0xffff) + (sum >>> 16)) & 0xffff);
  }
  return makeUnit(packet, { flags: 1, start: transport, offset: 6 });
}

/** What the kernel makes of a unit: whole packets. */
function cut(unit: Buffer): Buffer[] {
  const length = unit.length - virtioHeader;
  expect(vnetToLink(unit, 0, length)).toBe(true);
  expect(checkOffload(unit, 0, length)).toBeUndefined();
  const room = Buffer.alloc(splitLength(unit, 0, length, 0));
  const packets: Buffer[] = [];
  splitUnit(unit, 0, length, room, 0, 0, (at, size) => packets.push(Buffer.from(room.subarray(at, at + size))));
  return packets;
}

function run(datagrams: readonly Datagram[]): { writes: number; packets: Buffer[]; announced: number } {
  const packets: Buffer[] = [];
  let writes = 0;
  let announced = 0;
  const coalescer = new UdpCoalescer({ allocate: allocateMemory }, (unit, length, count) => {
    writes += 1;
    announced += count;
    packets.push(...cut(Buffer.from(unit.bytes.subarray(0, length))));
  });
  for (const datagram of datagrams) {
    const unit = unitOf(datagram);
    vnetToLink(unit, 0, unit.length - virtioHeader);
    expect(coalescer.take(unit, virtioHeader, unit.length - virtioHeader)).toBe(true);
  }
  coalescer.flush();
  return { writes, packets, announced };
}

const datagram: fc.Arbitrary<Datagram> = fc.record({
  version: fc.constantFrom<4 | 6>(4, 6),
  flow: fc.integer({ min: 0, max: 1 }),
  payload: fc.constantFrom(60, 200, 200, 200, 1200).map((size) => new Uint8Array(size).fill(size)),
});

function sized(size: number): Datagram {
  return { version: 6, flow: 0, payload: new Uint8Array(size) };
}

it("gives the kernel the same datagrams in the same order, with right checksums", () => {
  fc.assert(
    fc.property(fc.array(datagram, { minLength: 1, maxLength: 150 }), (datagrams) => {
      const { packets, announced } = run(datagrams);
      expect(announced).toBe(datagrams.length);
      expect(packets.length).toBe(datagrams.length);
      for (const [index, { version, flow, payload }] of datagrams.entries()) {
        const packet = packets[index] as Buffer;
        const transport = version === 4 ? 20 : 40;
        expect(packet[transport + 1]).toBe(flow);
        expect(packet.subarray(transport + 8).equals(payload)).toBe(true);
        expect(checksumsHold(packet, transport, 17)).toBe(true);
      }
    }),
  );
});

it("writes a run of one flow in units of 32", () => {
  const one = { version: 4, flow: 0, payload: new Uint8Array(200) } as const;
  expect(run(Array.from({ length: 130 }, () => one)).writes).toBe(5);
});

it("ends a unit behind a shorter datagram and before a longer one", () => {
  expect(run([sized(200), sized(200), sized(60), sized(200)]).writes).toBe(2);
  expect(run([sized(60), sized(200), sized(200)]).writes).toBe(2);
});

it("leaves alone what is no datagram with an open checksum, after what came before it", () => {
  const order: string[] = [];
  const coalescer = new UdpCoalescer(
    { allocate: allocateMemory },
    (_unit, _length, count) => void order.push(`${count}`),
  );
  const first = unitOf({ version: 4, flow: 0, payload: new Uint8Array(200) });
  vnetToLink(first, 0, first.length - virtioHeader);
  coalescer.take(first, virtioHeader, first.length - virtioHeader);
  const whole = Buffer.from(first);
  whole.fill(0, 0, virtioHeader);
  expect(coalescer.take(whole, virtioHeader, whole.length - virtioHeader)).toBe(false);
  expect(order).toEqual(["1"]);
});
