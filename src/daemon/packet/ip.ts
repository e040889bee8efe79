import { u16, u32 } from "./bytes.ts";
import { locateTransport, malformed, routingHeader0 } from "./transport.ts";

/** Why a packet is not a well-formed IP packet. */
export type PacketFault = "version" | "length" | "header" | "extension" | "routing_header" | "jumbo";

export const ipv4HeaderLength = 20;
export const ipv6HeaderLength = 40;

/** 4 or 6 for an IP packet; anything else is none. The packet must have a first byte. */
export function ipVersion(bytes: Uint8Array, at: number): number {
  return bytes[at]! >>> 4;
}

/**
 * Checks the IP header of the packet of `length` bytes at `at`: version, header length, that the length inside equals
 * `length`, and for IPv6 the chain of extension headers (RFC 8200; routing type 0 is refused by RFC 5095).
 */
export function checkPacket(bytes: Uint8Array, at: number, length: number): PacketFault | undefined {
  if (length < 1) return "length";
  const version = ipVersion(bytes, at);
  if (version === 4) return checkIpv4(bytes, at, length);
  return version === 6 ? checkIpv6(bytes, at, length) : "version";
}

function checkIpv4(bytes: Uint8Array, at: number, length: number): PacketFault | undefined {
  if (length < ipv4HeaderLength || u16(bytes, at + 2) !== length) return "length";
  const header = (bytes[at]! & 0x0f) * 4;
  return header < ipv4HeaderLength || header > length ? "header" : undefined;
}

function checkIpv6(bytes: Uint8Array, at: number, length: number): PacketFault | undefined {
  if (length < ipv6HeaderLength) return "length";
  const payload = u16(bytes, at + 4);
  if (payload === 0 && bytes[at + 6] === 0) return "jumbo";
  if (payload + ipv6HeaderLength !== length) return "length";
  const transport = locateTransport(bytes, at, length);
  if (transport === routingHeader0) return "routing_header";
  return transport === malformed ? "extension" : undefined;
}

/** Source of an IPv4 packet as an unsigned 32-bit number. */
export function sourceIpv4(bytes: Uint8Array, at: number): number {
  return u32(bytes, at + 12);
}

/** Destination of an IPv4 packet as an unsigned 32-bit number. */
export function destinationIpv4(bytes: Uint8Array, at: number): number {
  return u32(bytes, at + 16);
}

/** One of the four 32-bit words of an IPv6 packet's source. */
export function sourceIpv6Word(bytes: Uint8Array, at: number, word: number): number {
  return u32(bytes, at + 8 + word * 4);
}

/** One of the four 32-bit words of an IPv6 packet's destination. */
export function destinationIpv6Word(bytes: Uint8Array, at: number, word: number): number {
  return u32(bytes, at + 24 + word * 4);
}

/** Whether routers may not fragment the packet: the flag of IPv4, always for IPv6. */
export function dontFragment(bytes: Uint8Array, at: number): boolean {
  return ipVersion(bytes, at) === 6 || (bytes[at + 6]! & 0x40) !== 0;
}
