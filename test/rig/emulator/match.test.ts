import * as fc from "fast-check";
import { expect, test } from "vitest";
import { arpFrame, ipv4Frame, ipv6Frame, tcp6Frame, tcpFrame } from "./frames.ts";
import { lookInside, type Match, matches } from "./match.ts";

const [fin, syn, ack] = [1, 2, 16];
const udp = Buffer.from([0x03, 0xe8, 0x00, 0x35, 0, 8, 0, 0]);

function isMatched(match: Match, frame: Buffer): boolean {
  return matches(match, lookInside(frame));
}

test.each<[string, Match, Buffer, Buffer]>([
  ["protocol", { protocol: "tcp" }, tcpFrame({ flags: syn }), ipv4Frame(17, udp)],
  ["protocol over IPv6", { protocol: "tcp" }, tcp6Frame({ flags: syn }), ipv6Frame(58, Buffer.alloc(8))],
  ["arp", { protocol: "arp" }, arpFrame(), tcpFrame({ flags: syn })],
  ["icmp", { protocol: "icmp" }, ipv4Frame(1, Buffer.alloc(8)), ipv6Frame(58, Buffer.alloc(8))],
  ["icmpv6", { protocol: "icmpv6" }, ipv6Frame(58, Buffer.alloc(8)), ipv4Frame(1, Buffer.alloc(8))],
  ["flags set", { flags: ["syn", "ack"] }, tcpFrame({ flags: syn | ack }), tcpFrame({ flags: syn })],
  ["flags clear", { flags: ["syn"], without: ["ack"] }, tcpFrame({ flags: syn }), tcpFrame({ flags: syn | ack })],
  ["flags are TCP's", { without: ["fin"] }, tcpFrame({ flags: ack }), ipv4Frame(17, udp)],
  ["destination port", { port: 53 }, ipv4Frame(17, udp), tcpFrame({ flags: fin })],
  ["source port", { port: 40_000 }, tcp6Frame({ flags: ack }), ipv6Frame(17, udp)],
  ["payload behind padding", { payload: 1 }, tcpFrame({ flags: ack, payload: 1 }), tcpFrame({ flags: ack })],
  ["not a later fragment", { protocol: "udp" }, ipv4Frame(17, udp), ipv4Frame(17, udp, 185)],
])("%s", (_name, match, yes, no) => {
  expect([isMatched(match, yes), isMatched(match, no)]).toEqual([true, false]);
});

test("an empty match takes any frame, and any bytes can be looked at", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), fc.constantFrom(0x0800, 0x86dd, 0x0806), (bytes, type) => {
      const frame = Buffer.from(bytes);
      if (frame.length >= 14) frame.writeUInt16BE(type, 12);
      expect(isMatched({}, frame)).toBe(true);
      expect(lookInside(frame).payload).toBeLessThanOrEqual(frame.length);
    }),
  );
});
