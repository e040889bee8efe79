import * as fc from "fast-check";
import { expect, test } from "vitest";
import { addToSum, checksumOf, setIpv4Checksum } from "../../src/daemon/packet/checksum.ts";
import { sumWords } from "./reference.ts";

test("sums agree with a reference at any place and length, also when chained", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300, size: "max" }), fc.nat(20), fc.nat(150), (bytes, at, pair) => {
      const skip = Math.min(at, bytes.length);
      const part = bytes.slice(skip);
      expect(addToSum(bytes, skip, part.length, 0)).toBe(sumWords(part));
      const cut = Math.min(pair * 2, part.length & ~1);
      const first = addToSum(bytes, skip, cut, 0);
      expect(addToSum(bytes, skip + cut, part.length - cut, first)).toBe(sumWords(part));
    }),
  );
});

test("the largest unit full of ones does not overflow", () => {
  const bytes = new Uint8Array(65_575).fill(0xff);
  expect(addToSum(bytes, 0, bytes.length, 0xffff)).toBe(sumWords(bytes));
  expect(checksumOf(0xffff)).toBe(0);
});

test("the example header of RFC 1071's usual illustration gets its known checksum", () => {
  const header = Buffer.from("45000073000040004011b861c0a80001c0a800c7", "hex");
  header.writeUInt16BE(0x1234, 10);
  setIpv4Checksum(header, 0);
  expect(header.readUInt16BE(10)).toBe(0xb861);
});
