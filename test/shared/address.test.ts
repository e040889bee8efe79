import * as fc from "fast-check";
import { expect, it } from "vitest";
import { addressFromBytes, formatAddress, parseAddress } from "../../src/shared/address.ts";

it("reads what it writes, of both families", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
  );
  fc.assert(
    fc.property(bytes, (one) => {
      const address = addressFromBytes(one);
      expect(parseAddress(formatAddress(address))).toEqual(address);
    }),
  );
});

it("takes no address with a zone, no shortened one, and nothing else", () => {
  const others = [
    "fe80::1%eth0",
    "fe80::1%",
    "10.8.1",
    "0x0a.8.0.1",
    "10.8.0.01",
    "10.8.0.256",
    "10.8.0.1:",
    "::1::",
    "",
    "a",
  ];
  expect(others.filter((text) => parseAddress(text) !== undefined)).toEqual([]);
});
