import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkPacket } from "../../src/daemon/packet/ip.ts";
import { checkOffload, type OffloadFault } from "../../src/daemon/packet/offload.ts";
import { segmentCount, splitLength, splitUnit } from "../../src/daemon/packet/segment.ts";
import { isPlain, linkToVnet, vnetToLink } from "../../src/daemon/packet/vnet.ts";
import { checksumsHold, makePacket, makeUnit, sumWords } from "./reference.ts";
import { shapes, unitFor } from "./shapes.ts";

const tcp = {
  version: 4,
  protocol: "tcp",
  options: 0,
  tcpOptions: 0,
  flags: 0x10,
  sequence: 1,
  id: 1,
  size: 100,
  payload: new Uint8Array(1_000),
} as const;

/** A good TCPv4 unit in link form (headers 40, size 100), with one change. */
function liar(change: (unit: Buffer) => void): OffloadFault | undefined {
  const { unit, packet } = unitFor(tcp);
  vnetToLink(unit, 0, packet.length);
  change(unit);
  return checkOffload(unit, 0, packet.length);
}

function faultOfSmallSegments(payload: number): OffloadFault | undefined {
  const { unit, packet } = unitFor({ ...tcp, size: 48, payload: new Uint8Array(payload) });
  vnetToLink(unit, 0, packet.length);
  return checkOffload(unit, 0, packet.length);
}

describe("offload headers", () => {
  test("survive the way over the link and back, but for the header length, which becomes the real one", () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const { unit, packet, headers } = unitFor(shape);
        const expected = Buffer.from(unit);
        expected.writeUInt16LE(headers, 2);
        expect(vnetToLink(unit, 0, packet.length)).toBe(true);
        expect(checkOffload(unit, 0, packet.length)).toBeUndefined();
        linkToVnet(unit, 0);
        expect(unit).toEqual(expected);
      }),
    );
  });

  test("have the documented form on the link", () => {
    const { unit, packet } = unitFor({ ...tcp, version: 6 });
    vnetToLink(unit, 0, packet.length);
    expect([...unit.subarray(0, 10)]).toEqual([2, 1, 0, 60, 0, 100, 0, 40, 0, 16]);
    expect(isPlain(unit, 0)).toBe(false);
  });

  test("carry ECN and forget a mere 'checksum is known to be good'", () => {
    const { packet } = makePacket(tcp);
    const ecn = makeUnit(packet, { flags: 1, gso: 0x81, headers: 40, size: 100, start: 20, offset: 16 });
    const before = Buffer.from(ecn);
    expect(vnetToLink(ecn, 0, packet.length)).toBe(true);
    expect(ecn[1]).toBe(3);
    expect(checkOffload(ecn, 0, packet.length)).toBeUndefined();
    linkToVnet(ecn, 0);
    expect(ecn).toEqual(before);
    const valid = makeUnit(packet, { flags: 2 });
    expect(vnetToLink(valid, 0, packet.length)).toBe(true);
    expect(isPlain(valid, 0)).toBe(true);
  });

  test("of a kind unknown to the link are refused by the sender", () => {
    const { packet } = makePacket(tcp);
    expect(vnetToLink(makeUnit(packet, { gso: 3, flags: 1 }), 0, packet.length)).toBe(false);
    expect(vnetToLink(makeUnit(packet, { flags: 4 }), 0, packet.length)).toBe(false);
  });

  test("with the checksum of a header inside the transport are completed by the sender", () => {
    const inner = makePacket({ ...tcp, payload: new Uint8Array(31).fill(7) });
    const outer = makePacket({ ...tcp, protocol: "udp", payload: inner.packet });
    const start = outer.headers + inner.transport;
    const unit = makeUnit(outer.packet, { flags: 1, start, offset: 16 });
    expect(vnetToLink(unit, 0, outer.packet.length)).toBe(true);
    expect(isPlain(unit, 0)).toBe(true);
    expect(checksumsHold(unit.subarray(10 + outer.headers), inner.transport, 6)).toBe(true);
  });

  test.each<[string, OffloadFault, (unit: Buffer) => void]>([
    ["an unknown kind", "kind", (unit) => unit.writeUInt8(5, 0)],
    ["the kind of another IP version", "kind", (unit) => unit.writeUInt8(2, 0)],
    ["the kind of another protocol", "kind", (unit) => unit.writeUInt8(3, 0)],
    ["a fragment to be cut", "kind", (unit) => unit.writeUInt16BE(0x2000, 16)],
    ["unknown flags", "flags", (unit) => unit.writeUInt8(9, 1)],
    ["no checksum although to be cut", "flags", (unit) => unit.writeUInt8(0, 1)],
    ["headers beyond the packet", "header_length", (unit) => unit.writeUInt16BE(1_041, 2)],
    ["headers as long as the packet", "header_length", (unit) => unit.writeUInt16BE(1_040, 2)],
    ["headers shorter than the real ones", "header_length", (unit) => unit.writeUInt16BE(39, 2)],
    ["headers longer than the real ones", "header_length", (unit) => unit.writeUInt16BE(41, 2)],
    ["a TCP header length below 20", "header_length", (unit) => unit.writeUInt8(0x40, 10 + 32)],
    ["gso_size under 48", "segment_size", (unit) => unit.writeUInt16BE(47, 4)],
    ["gso_size that makes packets beyond 65,535", "segment_size", (unit) => unit.writeUInt16BE(0xffff, 4)],
    ["checksum start outside", "checksum", (unit) => unit.writeUInt16BE(0xffff, 6)],
    ["checksum start off the transport header", "checksum", (unit) => unit.writeUInt16BE(22, 6)],
    ["checksum offset off the field", "checksum", (unit) => unit.writeUInt16BE(6, 8)],
    ["checksum offset outside", "checksum", (unit) => unit.writeUInt16BE(0xfff0, 8)],
    ["a whole packet with a segment size", "segment_size", (unit) => unit.set([0, 1, 0, 0], 0)],
    ["a whole packet with a header length", "header_length", (unit) => unit.set([0, 1, 0, 40, 0, 0], 0)],
    ["a whole packet with ECN", "flags", (unit) => unit.set([0, 3, 0, 0, 0, 0], 0)],
    ["checksum fields without the flag", "checksum", (unit) => unit.set([0, 0, 0, 0, 0, 0], 0)],
    [
      "a whole fragment with a partial checksum",
      "checksum",
      (unit) => {
        unit.set([0, 1, 0, 0, 0, 0], 0);
        unit.writeUInt16BE(0x2000, 16);
      },
    ],
  ])("that lie are refused: %s", (_what, fault, change) => {
    expect(liar(() => {})).toBeUndefined();
    expect(liar(change)).toBe(fault);
  });

  test("for more than 128 packets are refused, for 128 accepted", () => {
    expect(faultOfSmallSegments(48 * 128)).toBeUndefined();
    expect(faultOfSmallSegments(48 * 128 + 1)).toBe("segments");
  });

  test("of any content never crash, and what passes can be cut within the promised room", () => {
    const header = fc.oneof(fc.uint8Array({ minLength: 10, maxLength: 10 }), fc.constant(undefined));
    fc.assert(
      fc.property(
        shapes,
        header,
        fc.array(fc.tuple(fc.nat(120), fc.nat(255)), { maxLength: 4 }),
        (shape, lie, flips) => {
          const { unit, packet } = unitFor(shape);
          vnetToLink(unit, 0, packet.length);
          if (lie !== undefined) unit.set(lie, 0);
          for (const [at, value] of flips) if (at < unit.length) unit[at] = value;
          if (checkPacket(unit, 10, packet.length) !== undefined) return;
          if (checkOffload(unit, 0, packet.length) !== undefined) return;
          const room = Buffer.alloc(splitLength(unit, 0, packet.length, 4));
          let packets = 0;
          splitUnit(unit, 0, packet.length, room, 0, 4, (offset, length) => {
            packets++;
            expect(offset + length).toBeLessThanOrEqual(room.length);
          });
          expect(packets).toBe(segmentCount(unit, 0, packet.length));
          expect(packets).toBeLessThanOrEqual(128);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test("of random bytes never crash", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 10, maxLength: 120, size: "max" }), (bytes) => {
        checkOffload(bytes, 0, bytes.length - 10);
        vnetToLink(bytes, 0, bytes.length - 10);
        expect(sumWords(bytes)).toBeLessThanOrEqual(0xffff);
      }),
      { numRuns: 1_000 },
    );
  });
});
