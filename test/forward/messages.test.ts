import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arpAnnouncement, arpAnswer, readArp } from "../../src/daemon/forward/arp.ts";
import { formatMac, type LanMessage } from "../../src/daemon/forward/lan-message.ts";
import {
  neighbourAnnouncement,
  neighbourAnswer,
  readNeighbour,
  solicitedNodeMac,
} from "../../src/daemon/forward/neighbour.ts";
import { arpQuestion, asker, asker6, askerMac, bytes, neighbourQuestion } from "./questions.ts";

const own = Buffer.from("020000000001", "hex");
const macs = fc.uint8Array({ minLength: 6, maxLength: 6 });
const addresses4 = fc.uint8Array({ minLength: 4, maxLength: 4 });
const addresses6 = fc.uint8Array({ minLength: 16, maxLength: 16 }).filter(([first]) => first !== 0xff);

function asked(message: LanMessage | undefined): Extract<LanMessage, { kind: "asks" }> {
  if (message?.kind !== "asks") throw new Error("not a question");
  return message;
}

describe("ARP", () => {
  test("a question is read", () => {
    const { target, askerMac: mac, asker: address } = asked(readArp(arpQuestion("10.8.1.5")));
    expect([...target]).toEqual([10, 8, 1, 5]);
    expect(formatMac(mac)).toBe("02:00:00:00:00:99");
    expect(address).toEqual(bytes(asker));
  });

  test("a probe for duplicates asks for nobody", () => {
    expect(asked(readArp(arpQuestion("10.8.1.5", "0.0.0.0"))).asker).toBeUndefined();
  });

  test("an answer is as RFC 826 has it", () => {
    const answer = arpAnswer(own, asked(readArp(arpQuestion("10.8.1.5"))));
    const ethernet = "0200000000990200000000010806";
    const parties = "0200000000010a080105020000000099c0a8320a";
    expect(answer.toString("hex")).toBe(`${ethernet}0001080006040002${parties}`);
  });

  test("an announcement is read as one, an answer to somebody else as nothing", () => {
    fc.assert(
      fc.property(macs, addresses4, (mac, address) => {
        expect(readArp(arpAnnouncement(mac, address))).toEqual({
          kind: "announces",
          address: Buffer.from(address),
          mac: Buffer.from(mac),
        });
      }),
    );
    expect(readArp(arpAnswer(own, asked(readArp(arpQuestion("10.8.1.5")))))).toBeUndefined();
  });

  test("other hardware, protocols, lengths and operations are nothing", () => {
    for (const [at, value] of [
      [12, 9],
      [15, 6],
      [16, 0x86],
      [18, 8],
      [19, 16],
      [21, 3],
    ] as const) {
      const frame = arpQuestion("10.8.1.5");
      frame[at] = value;
      expect(readArp(frame)).toBeUndefined();
    }
  });
});

describe("neighbour discovery", () => {
  test("a question is read", () => {
    const { target, askerMac: mac, asker: address } = asked(readNeighbour(neighbourQuestion("fd00:8:0:1::5")));
    expect(target).toEqual(bytes("fd00:8:0:1::5"));
    expect(formatMac(mac)).toBe(formatMac(askerMac));
    expect(address).toEqual(bytes(asker6));
  });

  test("an answer is as RFC 4861 has it: solicited, overriding, with the hardware address", () => {
    const answer = neighbourAnswer(own, asked(readNeighbour(neighbourQuestion("fd00:8::5"))));
    expect(answer.subarray(0, 14).toString("hex")).toBe("02000000009902000000000186dd");
    expect(answer.subarray(14, 22).toString("hex")).toBe("6000000000203aff");
    expect(answer.subarray(22, 38)).toEqual(bytes("fd00:8::5"));
    expect(answer.subarray(38, 54)).toEqual(bytes(asker6));
    expect([answer[54], answer[55], answer[58]]).toEqual([136, 0, 0x60]);
    expect(answer.subarray(62, 78)).toEqual(bytes("fd00:8::5"));
    expect(answer.subarray(78).toString("hex")).toBe("0201020000000001");
    expect(readNeighbour(answer)).toBeUndefined();
  });

  test("a probe for duplicates is answered to all nodes", () => {
    const question = asked(readNeighbour(neighbourQuestion("fd00:8::5", "::")));
    expect(question.asker).toBeUndefined();
    expect(neighbourAnswer(own, question)).toEqual(neighbourAnnouncement(own, bytes("fd00:8::5")));
  });

  test("an announcement is read as one", () => {
    fc.assert(
      fc.property(macs, addresses6, (mac, address) => {
        const frame = neighbourAnnouncement(mac, address);
        expect(frame.subarray(0, 6).toString("hex")).toBe("333300000001");
        expect(readNeighbour(frame)).toEqual({
          kind: "announces",
          address: Buffer.from(address),
          mac: Buffer.from(mac),
        });
      }),
    );
  });

  test("an announcement that doesn't override is nothing", () => {
    const frame = neighbourAnnouncement(own, bytes("fd00:8::5"));
    frame[58] = 0;
    // The checksum without the flag.
    frame.writeUInt16BE(frame.readUInt16BE(56) + 0x2000, 56);
    expect(readNeighbour(frame)).toBeUndefined();
  });

  test("one that was forwarded, is damaged or cut is nothing", () => {
    const good = neighbourQuestion("fd00:8::5");
    fc.assert(
      fc.property(fc.nat(good.length * 8 - 1), (bit) => {
        const frame = Buffer.from(good);
        frame[bit >> 3]! ^= 1 << (bit & 7);
        // The Ethernet addresses, the traffic class and the flow label are not covered by the checksum.
        const covered = bit >= 18 * 8 || (bit >= 12 * 8 && bit < 14 * 8);
        if (covered) expect(readNeighbour(frame)).toBeUndefined();
      }),
    );
    for (let length = 0; length < good.length; length += 1) {
      expect(readNeighbour(good.subarray(0, length))).toBeUndefined();
    }
  });

  test("solicitations go to the group of the last three bytes", () => {
    expect(formatMac(solicitedNodeMac(bytes("fd00:8::1:2345:6789")))).toBe("33:33:ff:45:67:89");
  });
});

test("any bytes are read or passed over", () => {
  const seeds = [arpQuestion("10.8.1.5"), neighbourQuestion("fd00:8::5"), neighbourAnnouncement(own, bytes("fd00::1"))];
  const damaged = fc
    .tuple(fc.constantFrom(...seeds), fc.array(fc.tuple(fc.nat(90), fc.nat(255)), { maxLength: 4 }), fc.nat(100))
    .map(([seed, changes, length]) => {
      const frame = Buffer.from(seed.subarray(0, length));
      for (const [at, value] of changes) if (at < frame.length) frame[at] = value;
      return frame;
    });
  const anything = fc.uint8Array({ maxLength: 120 }).map((frame) => Buffer.from(frame));
  fc.assert(
    fc.property(fc.oneof(anything, damaged), (frame) => {
      for (const message of [readArp(frame), readNeighbour(frame)]) {
        if (message?.kind === "asks") expect(message.askerMac).toHaveLength(6);
        if (message?.kind === "announces") expect(message.mac).toHaveLength(6);
      }
    }),
    { numRuns: 2000 },
  );
});
