import { u16, u32 } from "./bytes.ts";

/**
 * Where the transport header of a packet lies, in one number so that nothing is allocated:
 * bits 0–15 offset in the packet, 16–23 protocol, 24 a fragment, 25 a fragment that is not the first, 26 source-routed.
 */
export type Transport = number;

/** No transport header can be found: headers run out of the packet, or there are too many. */
export const malformed = -1;
/** The packet has a routing header of type 0 (RFC 5095). */
export const routingHeader0 = -2;

export const protocolTcp = 6;
export const protocolUdp = 17;
export const protocolIcmp = 1;
export const protocolIcmpv6 = 58;

const hopByHop = 0;
const routing = 43;
const fragment = 44;
const authentication = 51;
const destinationOptions = 60;

const mostExtensions = 8;
const fragmentBit = 1 << 24;
const laterFragmentBit = 1 << 25;
const routedBit = 1 << 26;
/** IPv4 options of a single byte, and those that name further hops (RFC 791). */
const endOfOptions = 0;
const noOperation = 1;
const looseRoute = 131;
const strictRoute = 137;

export function transportOffset(transport: Transport): number {
  return transport & 0xffff;
}

export function transportProtocol(transport: Transport): number {
  return (transport >>> 16) & 0xff;
}

/** A fragment of a packet, also the first. */
export function isFragment(transport: Transport): boolean {
  return (transport & fragmentBit) !== 0;
}

/** A fragment without the transport header. */
export function isLaterFragment(transport: Transport): boolean {
  return (transport & laterFragmentBit) !== 0;
}

/** The packet goes on from its destination to another one that it names itself. */
export function isSourceRouted(transport: Transport): boolean {
  return (transport & routedBit) !== 0;
}

/**
 * Finds the transport header of the IPv4 or IPv6 packet of `length` bytes at `at`, whose IP header lies inside
 * `length`. Returns malformed or routingHeader0 instead where there is none.
 */
export function locateTransport(bytes: Uint8Array, at: number, length: number): Transport {
  const version = bytes[at]! >>> 4;
  if (version === 4) return locateInIpv4(bytes, at, length);
  return version === 6 ? locateInIpv6(bytes, at, length) : malformed;
}

function locateInIpv4(bytes: Uint8Array, at: number, length: number): Transport {
  const header = (bytes[at]! & 0x0f) * 4;
  if (header < 20 || header > length) return malformed;
  const fragmentField = u16(bytes, at + 6);
  const routed = header > 20 && hasRouteOption(bytes, at + 20, at + header) ? routedBit : 0;
  return header | (bytes[at + 9]! << 16) | routed | fragmentBits(fragmentField & 0x1fff, fragmentField & 0x2000);
}

function hasRouteOption(bytes: Uint8Array, at: number, end: number): boolean {
  for (let option = at; option < end; ) {
    const kind = bytes[option]!;
    if (kind === looseRoute || kind === strictRoute) return true;
    if (kind === endOfOptions) return false;
    if (kind === noOperation) {
      option += 1;
      continue;
    }
    const length = option + 1 < end ? bytes[option + 1]! : 0;
    // Who knows how others read options that make no sense.
    if (length < 2 || option + length > end) return true;
    option += length;
  }
  return false;
}

function locateInIpv6(bytes: Uint8Array, at: number, length: number): Transport {
  let protocol = bytes[at + 6]!;
  let offset = 40;
  let bits = 0;
  for (let count = 0; count <= mostExtensions; count++) {
    const extension = isExtension(protocol);
    if (!extension || (bits & laterFragmentBit) !== 0) return offset | (protocol << 16) | bits;
    if (offset + 8 > length) return malformed;
    const header = at + offset;
    if (protocol === routing && bytes[header + 2] === 0) return routingHeader0;
    // Segments left.
    if (protocol === routing && bytes[header + 3] !== 0) bits |= routedBit;
    if (protocol === fragment) {
      const field = u16(bytes, header + 2);
      bits |= fragmentBits(field >>> 3, field & 1);
    }
    offset += extensionLength(protocol, bytes[header + 1]!);
    if (offset > length) return malformed;
    protocol = bytes[header]!;
  }
  return malformed;
}

function fragmentBits(offset: number, more: number): number {
  if (offset !== 0) return fragmentBit | laterFragmentBit;
  return more !== 0 ? fragmentBit : 0;
}

function isExtension(protocol: number): boolean {
  return (
    protocol === hopByHop ||
    protocol === routing ||
    protocol === fragment ||
    protocol === authentication ||
    protocol === destinationOptions
  );
}

/** Length of an extension header from its second byte (RFC 8200; RFC 4302 counts in 4 bytes; fragment is fixed). */
function extensionLength(protocol: number, lengthByte: number): number {
  if (protocol === fragment) return 8;
  return protocol === authentication ? (lengthByte + 2) * 4 : (lengthByte + 1) * 8;
}

function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}

/**
 * Hash of the flow that a well-formed packet belongs to, unsigned 32 bits: addresses, protocol, and the ports of TCP
 * and UDP. All fragments of a packet hash alike, without ports. Stable over processes and versions.
 */
export function flowHash(bytes: Uint8Array, at: number, length: number): number {
  const four = bytes[at]! >>> 4 === 4;
  const end = at + (four ? 20 : 40);
  let hash = 0x811c9dc5;
  for (let word = at + (four ? 12 : 8); word < end; word += 4) hash = mix(hash, u32(bytes, word));
  const transport = locateTransport(bytes, at, length);
  const protocol = transportProtocol(transport);
  const offset = transportOffset(transport);
  const ported = protocol === protocolTcp || protocol === protocolUdp;
  const ports = ported && !isFragment(transport) && offset + 4 <= length ? u32(bytes, at + offset) : 0;
  hash = mix(mix(hash, protocol), ports);
  return (hash ^ (hash >>> 13)) >>> 0;
}
