import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { destinationKind, ipv4Kind, ipv6Kind, sourceKind } from "../../src/daemon/packet/address-kind.ts";
import {
  checkPacket,
  destinationIpv4,
  destinationIpv6Word,
  dontFragment,
  ipVersion,
  type PacketFault,
  sourceIpv4,
  sourceIpv6Word,
} from "../../src/daemon/packet/ip.ts";
import {
  flowHash,
  isFragment,
  isLaterFragment,
  locateTransport,
  transportOffset,
  transportProtocol,
} from "../../src/daemon/packet/transport.ts";
import { makePacket } from "./reference.ts";
import { shapes } from "./shapes.ts";

const base = { protocol: "udp", options: 0, tcpOptions: 0, flags: 0, sequence: 0, id: 7 } as const;
const packet4 = (): Buffer => Buffer.from(makePacket({ ...base, version: 4, payload: new Uint8Array(32) }).packet);
const packet6 = (): Buffer => Buffer.from(makePacket({ ...base, version: 6, payload: new Uint8Array(32) }).packet);

/** An IPv6 packet with these extension headers [type, bytes after the first] in front of 8 bytes of UDP. */
function withExtensions(...extensions: [number, number[]][]): Buffer {
  const types = [...extensions.map(([type]) => type), 17];
  const chain = extensions.flatMap(([, rest], index) => [types[index + 1] ?? 17, ...rest]);
  const packet = Buffer.alloc(40 + chain.length + 8);
  packet.writeUInt8(0x60, 0);
  packet.writeUInt16BE(chain.length + 8, 4);
  packet.writeUInt8(types[0] ?? 17, 6);
  packet.set(chain, 40);
  return packet;
}

const padding = [0, 1, 4, 0, 0, 0, 0];

describe("checkPacket", () => {
  test("accepts every well-formed packet, and finds its transport header", () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const { packet, transport } = makePacket(shape);
        expect(checkPacket(packet, 0, packet.length)).toBeUndefined();
        const found = locateTransport(packet, 0, packet.length);
        expect([transportOffset(found), transportProtocol(found), isFragment(found)]).toEqual([
          transport,
          shape.protocol === "tcp" ? 6 : 17,
          false,
        ]);
      }),
    );
  });

  test.each<[string, PacketFault, () => Buffer]>([
    ["no bytes", "length", () => Buffer.alloc(0)],
    ["version 5", "version", () => Buffer.from([0x50, ...Buffer.alloc(59)])],
    ["IPv4 shorter than its header", "length", () => packet4().subarray(0, 19)],
    ["IPv4 with bytes behind its end", "length", () => Buffer.concat([packet4(), Buffer.alloc(1)])],
    ["IPv4 cut short", "length", () => packet4().subarray(0, -1)],
    ["IPv4 header length 16", "header", () => Buffer.from([0x44, ...packet4().subarray(1)])],
    [
      "IPv4 header longer than the packet",
      "header",
      () => {
        const packet = packet4().subarray(0, 24);
        packet.writeUInt16BE(24, 2);
        packet.writeUInt8(0x4f, 0);
        return packet;
      },
    ],
    ["IPv6 shorter than its header", "length", () => packet6().subarray(0, 39)],
    ["IPv6 with bytes behind its end", "length", () => Buffer.concat([packet6(), Buffer.alloc(1)])],
    ["IPv6 cut short", "length", () => packet6().subarray(0, -1)],
    [
      "IPv6 jumbogram",
      "jumbo",
      () => {
        const packet = withExtensions([0, [0, 0xc2, 4, 0, 1, 0, 0]]);
        packet.writeUInt16BE(0, 4);
        return packet;
      },
    ],
    ["routing header of type 0", "routing_header", () => withExtensions([43, [0, 0, 1, 0, 0, 0, 0]])],
    [
      "routing header 0 behind others",
      "routing_header",
      () => withExtensions([0, padding], [60, padding], [43, [0, 0, 1, 0, 0, 0, 0]]),
    ],
    ["an extension header beyond the end", "extension", () => withExtensions([60, [9, ...padding.slice(1)]])],
    [
      "a chain of extension headers that is too long",
      "extension",
      () => {
        const many: [number, number[]][] = Array.from({ length: 9 }, () => [60, padding]);
        return withExtensions(...many);
      },
    ],
  ])("refuses %s", (_what, fault, make) => {
    const packet = make();
    expect(checkPacket(packet, 0, packet.length)).toBe(fault);
  });

  test("accepts a routing header of another type and eight extension headers", () => {
    const routed = withExtensions([43, [0, 4, 0, 0, 0, 0, 0]]);
    expect(checkPacket(routed, 0, routed.length)).toBeUndefined();
    const eight: [number, number[]][] = Array.from({ length: 8 }, () => [60, padding]);
    const long = withExtensions(...eight);
    expect(checkPacket(long, 0, long.length)).toBeUndefined();
    expect(transportOffset(locateTransport(long, 0, long.length))).toBe(40 + 64);
  });

  test("never crashes on random bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200, size: "max" }), fc.constantFrom(0x45, 0x60, 0x4f), (bytes, first) => {
        bytes[0] = first;
        checkPacket(bytes, 0, bytes.length);
        flowHash(bytes, 0, bytes.length);
        expect(locateTransport(bytes, 0, bytes.length)).toBeGreaterThanOrEqual(-2);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("fields", () => {
  test("addresses are read as unsigned words", () => {
    const four = packet4();
    four.set([203, 0, 113, 9, 255, 1, 2, 3], 12);
    expect([ipVersion(four, 0), sourceIpv4(four, 0), destinationIpv4(four, 0)]).toEqual([4, 0xcb007109, 0xff010203]);
    const six = packet6();
    expect([0, 3].map((word) => sourceIpv6Word(six, 0, word))).toEqual([0xfd000008, 1]);
    expect([0, 3].map((word) => destinationIpv6Word(six, 0, word))).toEqual([0xfd000008, 2]);
  });

  test("only IPv4 without the flag may be fragmented", () => {
    const four = packet4();
    expect(dontFragment(four, 0)).toBe(false);
    four.writeUInt8(0x40, 6);
    expect([dontFragment(four, 0), dontFragment(packet6(), 0)]).toEqual([true, true]);
  });

  test("fragments are told apart", () => {
    const first4 = packet4();
    first4.writeUInt16BE(0x2000, 6);
    const later4 = packet4();
    later4.writeUInt16BE(0x0001, 6);
    const first6 = withExtensions([44, [0, 0, 1, 0, 0, 0, 1]]);
    const later6 = withExtensions([44, [0, 0, 8, 0, 0, 0, 1]]);
    const atomic6 = withExtensions([44, [0, 0, 0, 0, 0, 0, 1]]);
    const kinds = [first4, later4, first6, later6, atomic6].map((packet) => {
      const transport = locateTransport(packet, 0, packet.length);
      return [isFragment(transport), isLaterFragment(transport)];
    });
    expect(kinds).toEqual([
      [true, false],
      [true, true],
      [true, false],
      [true, true],
      [false, false],
    ]);
  });
});

describe("address kinds", () => {
  test.each([
    ["10.8.0.1", "unicast"],
    ["224.0.0.251", "multicast"],
    ["239.1.1.1", "multicast"],
    ["255.255.255.255", "broadcast"],
    ["169.254.1.1", "link_local"],
    ["127.0.0.1", "loopback"],
    ["0.0.0.0", "unspecified"],
    ["240.0.0.1", "unicast"],
  ])("%s is %s", (address, kind) => {
    const packet = packet4();
    packet.set(address.split(".").map(Number), 12);
    packet.copy(packet, 16, 12, 16);
    expect([ipv4Kind(sourceIpv4(packet, 0)), sourceKind(packet, 0), destinationKind(packet, 0)]).toEqual([
      kind,
      kind,
      kind,
    ]);
  });

  test.each([
    ["fd000008000000000000000000000001", "unicast"],
    ["ff020000000000000000000000000001", "multicast"],
    ["fe800000000000000000000000000001", "link_local"],
    ["febf0000000000000000000000000001", "link_local"],
    ["fec00000000000000000000000000001", "unicast"],
    ["00000000000000000000000000000001", "loopback"],
    ["00000000000000000000000000000000", "unspecified"],
  ])("%s is %s", (address, kind) => {
    const packet = packet6();
    packet.write(address, 8, "hex");
    packet.write(address, 24, "hex");
    expect([ipv6Kind(packet, 8), sourceKind(packet, 0), destinationKind(packet, 0)]).toEqual([kind, kind, kind]);
  });
});

function hash(packet: Buffer): number {
  return flowHash(packet, 0, packet.length);
}

describe("flowHash", () => {
  test("is stable and depends on addresses, protocol and ports only", () => {
    expect(hash(packet4())).toBe(hash(packet4()));
    expect(hash(packet4())).toMatchInlineSnapshot(`709815000`);
    expect(hash(packet6())).toMatchInlineSnapshot(`428612966`);
    const changes: [number, boolean][] = [
      [15, false],
      [19, false],
      [9, false],
      [21, false],
      [23, false],
      [4, true],
      [8, true],
      [30, true],
    ];
    for (const [at, same] of changes) {
      const packet = packet4();
      packet.writeUInt8((packet[at] ?? 0) ^ 2, at);
      expect(hash(packet) === hash(packet4()), `byte ${at}`).toBe(same);
    }
  });

  test("is the same for all fragments of a packet", () => {
    const first = packet4();
    first.writeUInt16BE(0x2000, 6);
    const later = packet4();
    later.writeUInt16BE(0x0003, 6);
    later.fill(9, 20);
    expect(hash(first)).toBe(hash(later));
    expect(hash(first)).not.toBe(hash(packet4()));
  });

  test("spreads neighbouring flows evenly", () => {
    const buckets = Array.from({ length: 8 }, () => 0);
    for (let port = 0; port < 4_000; port++) {
      const packet = packet4();
      packet.writeUInt16BE(port, 20);
      const bucket = hash(packet) % 8;
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    expect(Math.max(...buckets)).toBeLessThan(600);
    expect(Math.min(...buckets)).toBeGreaterThan(400);
  });
});
