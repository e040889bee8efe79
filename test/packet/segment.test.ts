import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkPacket } from "../../src/daemon/packet/ip.ts";
import { checkOffload } from "../../src/daemon/packet/offload.ts";
import { segmentCount, splitLength, splitUnit } from "../../src/daemon/packet/segment.ts";
import { vnetToLink } from "../../src/daemon/packet/vnet.ts";
import { checksumsHold, makePacket, makeUnit, protocolNumber } from "./reference.ts";
import { shapes, unitFor } from "./shapes.ts";

function split(unit: Buffer, packetLength: number, gap: number): Buffer[] {
  const room = Buffer.alloc(splitLength(unit, 0, packetLength, gap) + 5);
  const packets: Buffer[] = [];
  splitUnit(unit, 0, packetLength, room, 5, gap, (offset, length) => {
    expect(room.subarray(offset - gap, offset).every((byte) => byte === 0)).toBe(true);
    packets.push(room.subarray(offset, offset + length));
  });
  return packets;
}

describe("splitUnit", () => {
  test("cuts any TCP or UDP unit into valid packets that hold the payload in order", () => {
    fc.assert(
      fc.property(shapes, fc.constantFrom(0, 4), (shape, gap) => {
        const { unit, packet, transport, headers } = unitFor(shape);
        expect(vnetToLink(unit, 0, packet.length)).toBe(true);
        expect(checkOffload(unit, 0, packet.length)).toBeUndefined();
        const packets = split(unit, packet.length, gap);
        expect(packets.length).toBe(segmentCount(unit, 0, packet.length));
        for (const [index, piece] of packets.entries()) {
          expect(checkPacket(piece, 0, piece.length)).toBeUndefined();
          expect(checksumsHold(piece, transport, protocolNumber[shape.protocol])).toBe(true);
          if (index < packets.length - 1) expect(piece.length - headers).toBe(shape.size);
          if (shape.version === 4) expect(piece.readUInt16BE(4)).toBe((shape.id + index) & 0xffff);
          if (shape.protocol === "udp") expect(piece.readUInt16BE(transport + 4)).toBe(piece.length - transport);
        }
        expect(Buffer.concat(packets.map((piece) => piece.subarray(headers)))).toEqual(Buffer.from(shape.payload));
      }),
      { numRuns: 300 },
    );
  });

  test("counts TCP sequence numbers on; FIN and PSH only on the last packet, CWR only on the first", () => {
    const shape = {
      version: 4,
      protocol: "tcp",
      options: 0,
      tcpOptions: 12,
      flags: 0xff,
      sequence: 0xffff_ff00,
      id: 0xffff,
      size: 100,
      payload: new Uint8Array(250),
    } as const;
    const { unit, packet } = unitFor(shape);
    vnetToLink(unit, 0, packet.length);
    const packets = split(unit, packet.length, 0);
    expect(packets.map((piece) => piece.readUInt32BE(24))).toEqual([0xffff_ff00, 0xffff_ff64, 0xffff_ffc8]);
    expect(packets.map((piece) => piece.readUInt8(33))).toEqual([0xff & ~0x09, 0xff & ~0x89, 0xff & ~0x80]);
    expect(packets.map((piece) => piece.readUInt16BE(4))).toEqual([0xffff, 0, 1]);
  });

  test("completes a partial checksum of a single packet and leaves a plain one as it is", () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const { packet, transport } = makePacket(shape);
        const offset = shape.protocol === "tcp" ? 16 : 6;
        const unit = makeUnit(packet, { flags: 1, start: transport, offset });
        expect(vnetToLink(unit, 0, packet.length)).toBe(true);
        expect(checkOffload(unit, 0, packet.length)).toBeUndefined();
        const [whole] = split(unit, packet.length, 4);
        expect(checksumsHold(whole ?? packet, transport, protocolNumber[shape.protocol])).toBe(true);
        const plain = makeUnit(packet, {});
        expect(split(plain, packet.length, 4)).toEqual([Buffer.from(packet)]);
      }),
    );
  });

  test("a UDP checksum that comes out as zero is sent as 0xffff", () => {
    const shape = { version: 4, protocol: "udp", options: 0, tcpOptions: 0, flags: 0, sequence: 0, id: 0 } as const;
    const payload = new Uint8Array(2);
    const { packet, transport } = makePacket({ ...shape, payload });
    const unit = makeUnit(packet, { flags: 1, start: transport, offset: 6 });
    const [first] = split(unitInLinkForm(unit, packet), packet.length, 0);
    // Adding what the checksum came to brings the sum to 0xffff, and the checksum to zero.
    payload.set(first?.subarray(transport + 6, transport + 8) ?? []);
    const again = makePacket({ ...shape, payload });
    const second = makeUnit(again.packet, { flags: 1, start: transport, offset: 6 });
    const [zero] = split(unitInLinkForm(second, again.packet), again.packet.length, 0);
    expect(zero?.readUInt16BE(transport + 6)).toBe(0xffff);
  });
});

function unitInLinkForm(unit: Buffer, packet: Uint8Array): Buffer {
  expect(vnetToLink(unit, 0, packet.length)).toBe(true);
  return unit;
}
