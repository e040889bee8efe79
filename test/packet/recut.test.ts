import * as fc from "fast-check";
import { expect, test } from "vitest";
import { checkPacket } from "../../src/daemon/packet/ip.ts";
import { checkOffload } from "../../src/daemon/packet/offload.ts";
import { recutLength, recutUnit } from "../../src/daemon/packet/recut.ts";
import { segmentCount, splitLength, splitUnit } from "../../src/daemon/packet/segment.ts";
import { unitHeaderLength, vnetToLink } from "../../src/daemon/packet/vnet.ts";
import { shapes, unitFor } from "./shapes.ts";

function split(unit: Uint8Array, packetLength: number): Buffer[] {
  const room = Buffer.alloc(splitLength(unit, 0, packetLength, 0));
  const packets: Buffer[] = [];
  splitUnit(unit, 0, packetLength, room, 0, 0, (offset, length) => {
    packets.push(Buffer.from(room.subarray(offset, offset + length)));
  });
  return packets;
}

test("pieces are valid units, and become the very packets that the whole unit becomes", () => {
  fc.assert(
    fc.property(shapes, fc.integer({ min: 1, max: 40 }), fc.constantFrom(0, 4), (shape, segments, gap) => {
      const { unit, packet } = unitFor(shape);
      expect(vnetToLink(unit, 0, packet.length)).toBe(true);
      const room = Buffer.alloc(recutLength(unit, 0, packet.length, segments, gap) + 5);
      const packets: Buffer[] = [];
      let end = 5;
      recutUnit(unit, 0, packet.length, segments, room, 5, gap, (offset, length) => {
        expect(offset).toBe(end + gap);
        end = offset + unitHeaderLength + length;
        const piece = room.subarray(offset, end);
        expect(checkPacket(piece, unitHeaderLength, length)).toBeUndefined();
        expect(checkOffload(piece, 0, length)).toBeUndefined();
        expect(segmentCount(piece, 0, length)).toBeLessThanOrEqual(segments);
        packets.push(...split(piece, length));
      });
      expect(end).toBe(room.length);
      expect(packets).toEqual(split(unit, packet.length));
    }),
    { numRuns: 300 },
  );
});
