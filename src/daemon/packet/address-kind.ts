import { u32 } from "./bytes.ts";

/** What an address is for; only `unicast` may be the source of a packet that travels through the tunnel. */
export type AddressKind = "unicast" | "multicast" | "broadcast" | "link_local" | "loopback" | "unspecified";

/** Kind of an IPv4 address given as an unsigned 32-bit number (RFC 6890, RFC 5771). */
export function ipv4Kind(address: number): AddressKind {
  const first = address >>> 24;
  if (first === 0) return "unspecified";
  if (first === 127) return "loopback";
  if (address >>> 16 === 0xa9fe) return "link_local";
  if (first < 224) return "unicast";
  if (address === 0xffff_ffff) return "broadcast";
  // 240.0.0.0/4 is reserved, but Linux and others route it.
  return first < 240 ? "multicast" : "unicast";
}

/** Kind of the IPv6 address whose 16 bytes start at `at` (RFC 4291). */
export function ipv6Kind(bytes: Uint8Array, at: number): AddressKind {
  if (bytes[at] === 0xff) return "multicast";
  if (bytes[at] === 0xfe && (bytes[at + 1]! & 0xc0) === 0x80) return "link_local";
  const zeroUpToLast = u32(bytes, at) === 0 && u32(bytes, at + 4) === 0 && u32(bytes, at + 8) === 0;
  if (!zeroUpToLast) return "unicast";
  const last = u32(bytes, at + 12);
  if (last === 0) return "unspecified";
  return last === 1 ? "loopback" : "unicast";
}

/** Kind of the source of the IPv4 or IPv6 packet at `at`. */
export function sourceKind(bytes: Uint8Array, at: number): AddressKind {
  return bytes[at]! >>> 4 === 4 ? ipv4Kind(u32(bytes, at + 12)) : ipv6Kind(bytes, at + 8);
}

/** Kind of the destination of the IPv4 or IPv6 packet at `at`. */
export function destinationKind(bytes: Uint8Array, at: number): AddressKind {
  return bytes[at]! >>> 4 === 4 ? ipv4Kind(u32(bytes, at + 16)) : ipv6Kind(bytes, at + 24);
}
