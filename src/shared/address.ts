import ipaddr from "ipaddr.js";

/** An IP address as numbers: IPv4 one unsigned 32-bit word, IPv6 four, most significant first. */
export type Address = { readonly family: 4; readonly word: number } | { readonly family: 6; readonly words: Words };

export type Words = readonly [number, number, number, number];

/** `length` leading bits of `address` count; the rest may be set where the address itself means something. */
export interface Prefix {
  readonly address: Address;
  readonly length: number;
}

export function addressFromBytes(bytes: Uint8Array): Address {
  const word = (at: number): number =>
    (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>>
    0;
  return bytes.length === 4
    ? { family: 4, word: word(0) }
    : { family: 6, words: [word(0), word(4), word(8), word(12)] };
}

export function addressBytes(address: Address): Buffer {
  const words = address.family === 4 ? [address.word] : address.words;
  const bytes = Buffer.alloc(words.length * 4);
  for (const [index, word] of words.entries()) bytes.writeUInt32BE(word >>> 0, index * 4);
  return bytes;
}

/** Reads `10.8.0.1` or `fd00::1`; undefined for anything else, also for shortened IPv4 forms. */
export function parseAddress(text: string): Address | undefined {
  // The library's parser of IPv4 throws within itself at an IPv6 address, which takes longer than parsing.
  if (!text.includes(":")) {
    return ipaddr.IPv4.isValidFourPartDecimal(text) ? addressFromBytes(octetsOf(ipaddr.IPv4.parse(text))) : undefined;
  }
  return ipaddr.IPv6.isValid(text) && !text.includes("%")
    ? addressFromBytes(octetsOf(ipaddr.IPv6.parse(text)))
    : undefined;
}

function octetsOf(address: ipaddr.IPv4 | ipaddr.IPv6): Uint8Array {
  return Uint8Array.from(address.toByteArray());
}

/** Reads `10.8.0.0/16`, or an address alone as its full-length prefix. */
export function parsePrefix(text: string): Prefix | undefined {
  const slash = text.indexOf("/");
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  const full = fullLength(address);
  if (slash < 0) return { address, length: full };
  const digits = text.slice(slash + 1);
  const length = Number(digits);
  return /^\d{1,3}$/.test(digits) && length <= full ? { address, length } : undefined;
}

export function formatAddress(address: Address): string {
  return address.family === 4
    ? [...addressBytes(address)].join(".")
    : ipaddr.fromByteArray([...addressBytes(address)]).toString();
}

export function formatPrefix(prefix: Prefix): string {
  return `${formatAddress(prefix.address)}/${prefix.length}`;
}

/** 32 or 128. */
export function fullLength(address: Address): number {
  return address.family === 4 ? 32 : 128;
}

export function prefixContains(prefix: Prefix, address: Address): boolean {
  if (prefix.address.family !== address.family) return false;
  const network = addressNumber(prefix.address);
  const shift = BigInt(fullLength(address) - prefix.length);
  return network >> shift === addressNumber(address) >> shift;
}

/** The address as one number, for arithmetic on leases. */
export function addressNumber(address: Address): bigint {
  return BigInt(`0x${addressBytes(address).toString("hex")}`);
}

export function addressFromNumber(family: 4 | 6, value: bigint): Address {
  const digits = family === 4 ? 8 : 32;
  return addressFromBytes(Buffer.from(value.toString(16).padStart(digits, "0"), "hex"));
}

/** The network that an interface address lies in: `10.8.0.0/16` for `10.8.0.1/16`. */
export function formatNetwork(prefix: Prefix): string {
  const { address, length } = prefix;
  const shift = BigInt(fullLength(address) - length);
  const network = (addressNumber(address) >> shift) << shift;
  return `${formatAddress(addressFromNumber(address.family, network))}/${length}`;
}
