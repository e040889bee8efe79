import * as fc from "fast-check";
import { type Address, fullLength, parseAddress, parsePrefix, type Prefix } from "../../src/shared/address.ts";

export function prefixOf(text: string): Prefix {
  const prefix = parsePrefix(text);
  if (prefix === undefined) throw new Error(`not a prefix: ${text}`);
  return prefix;
}

export function addressOf(text: string): Address {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`not an address: ${text}`);
  return address;
}

/** Few enough bits vary that random addresses meet, at both ends of each word. */
const word = fc.constantFrom(0, 1, 2, 3, 0x8000_0000, 0x8000_0001, 0xffff_ffff, 0xffff_fffe, 0x0a08_0000);

export const addresses: fc.Arbitrary<Address> = fc.oneof(
  word.map((one): Address => ({ family: 4, word: one })),
  fc.tuple(word, word, word, word).map((words): Address => ({ family: 6, words })),
);

export const prefixes: fc.Arbitrary<Prefix> = addresses.chain((address) =>
  fc
    .oneof(fc.integer({ min: 0, max: fullLength(address) }), fc.constantFrom(0, 1, 31, 32, fullLength(address)))
    .map((length) => ({ address, length: Math.min(length, fullLength(address)) })),
);
