import { describe, expect, test } from "vitest";
import { buildTooBig, longestTooBig } from "../../src/daemon/packet/icmp.ts";
import { checkPacket } from "../../src/daemon/packet/ip.ts";
import { makePacket, pseudoHeader, sumWords } from "./reference.ts";

const base = { protocol: "udp", options: 0, tcpOptions: 0, flags: 0, sequence: 0, id: 7 } as const;
const source4 = Uint8Array.from([10, 8, 0, 254]);
const source6 = Uint8Array.from([0xfd, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 254]);

function big(version: 4 | 6, payload = 2_000): Buffer {
  return Buffer.from(makePacket({ ...base, version, payload: new Uint8Array(payload).fill(5) }).packet);
}

function answer(packet: Buffer, mtu = 1280): Buffer {
  const room = Buffer.alloc(longestTooBig + 3, 0xaa);
  const shifted = Buffer.concat([Buffer.alloc(2), packet]);
  const source = packet.readUInt8(0) >> 4 === 4 ? source4 : source6;
  return room.subarray(3, 3 + buildTooBig(shifted, 2, packet.length, mtu, source, room, 3));
}

describe("buildTooBig", () => {
  test("says fragmentation needed, with the MTU and the first 548 bytes", () => {
    const packet = big(4);
    const reply = answer(packet, 1400);
    expect(reply.length).toBe(576);
    expect(checkPacket(reply, 0, reply.length)).toBeUndefined();
    expect([...reply.subarray(12, 22)]).toEqual([10, 8, 0, 254, 10, 8, 0, 1, 3, 4]);
    expect(reply.readUInt16BE(26)).toBe(1400);
    expect(reply.subarray(28)).toEqual(packet.subarray(0, 548));
    expect(sumWords(reply.subarray(0, 20))).toBe(0xffff);
    expect(sumWords(reply.subarray(20))).toBe(0xffff);
  });

  test("says packet too big, with the MTU, in at most 1280 bytes", () => {
    const packet = big(6);
    const reply = answer(packet, 1300);
    expect(reply.length).toBe(1280);
    expect(checkPacket(reply, 0, reply.length)).toBeUndefined();
    expect([...reply.subarray(8, 24)]).toEqual([...source6]);
    expect(reply.subarray(24, 40)).toEqual(packet.subarray(8, 24));
    expect([reply[6], reply[40], reply[41], reply.readUInt32BE(44)]).toEqual([58, 2, 0, 1300]);
    expect(reply.subarray(48)).toEqual(packet.subarray(0, 1232));
    expect(sumWords(Buffer.concat([pseudoHeader(reply, 58, 1240), reply.subarray(40)]))).toBe(0xffff);
  });

  test("quotes a short packet whole", () => {
    expect(answer(big(4, 50)).length).toBe(28 + 78);
    expect(answer(big(6, 50)).length).toBe(48 + 98);
  });

  test.each<[string, (packet: Buffer) => void]>([
    ["the unspecified source", (packet) => packet.fill(0, 12, 16)],
    ["a multicast source", (packet) => packet.set([224, 0, 0, 1], 12)],
    ["a multicast destination", (packet) => packet.set([224, 0, 0, 1], 16)],
    ["the broadcast destination", (packet) => packet.fill(255, 16, 20)],
    ["a later fragment", (packet) => packet.writeUInt16BE(100, 6)],
    [
      "an ICMP error",
      (packet) => {
        packet.writeUInt8(1, 9);
        packet.writeUInt8(3, 20);
      },
    ],
  ])("does not answer IPv4 with %s", (_what, change) => {
    const packet = big(4);
    change(packet);
    expect(answer(packet).length).toBe(0);
  });

  test.each<[string, (packet: Buffer) => void]>([
    ["the unspecified source", (packet) => packet.fill(0, 8, 24)],
    ["a multicast destination", (packet) => packet.writeUInt8(0xff, 24)],
    ["a link-local source", (packet) => packet.writeUInt16BE(0xfe80, 8)],
    [
      "an ICMP error",
      (packet) => {
        packet.writeUInt8(58, 6);
        packet.writeUInt8(1, 40);
      },
    ],
  ])("does not answer IPv6 with %s", (_what, change) => {
    const packet = big(6);
    change(packet);
    expect(answer(packet).length).toBe(0);
  });

  test("answers a large ping, which is no error", () => {
    const four = big(4);
    four.writeUInt8(1, 9);
    four.writeUInt8(8, 20);
    expect(answer(four).length).toBe(576);
    const six = big(6);
    six.writeUInt8(58, 6);
    six.writeUInt8(128, 40);
    expect(answer(six).length).toBe(1280);
  });

  test("answers the first fragment", () => {
    const packet = big(4);
    packet.writeUInt16BE(0x2000, 6);
    expect(answer(packet).length).toBe(576);
  });
});
