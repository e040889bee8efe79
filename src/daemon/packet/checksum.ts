import { protocolTcp, protocolUdp } from "./transport.ts";
import { putU16, u16 } from "./bytes.ts";

/** Words of 16 bits that add up below 2^31, together with a folded sum. */
const bytesPerFold = 32_768;

function fold(sum: number): number {
  const once = (sum & 0xffff) + (sum >>> 16);
  return (once & 0xffff) + (once >>> 16);
}

/**
 * Ones' complement sum (RFC 1071) of `length` bytes, added to `initial` (0 to 0xffff); an odd last byte counts as the
 * high half of a word. Partial sums may be chained where all but the last have an even length.
 */
export function addToSum(bytes: Uint8Array, at: number, length: number, initial: number): number {
  let sum = initial;
  let next = at;
  const end = at + length;
  const evenEnd = end - (length & 1);
  while (next < evenEnd) {
    const stop = Math.min(evenEnd, next + bytesPerFold);
    for (; next < stop; next += 2) sum += (bytes[next]! << 8) | bytes[next + 1]!;
    sum = fold(sum);
  }
  if (next < end) sum += bytes[next]! << 8;
  return fold(sum);
}

/** The checksum field for a sum. */
export function checksumOf(sum: number): number {
  return ~sum & 0xffff;
}

/** Sum of the pseudo-header of the packet at `at`: its addresses, the transport protocol and length (RFC 9293, 8200). */
export function pseudoHeaderSum(bytes: Uint8Array, at: number, protocol: number, transportLength: number): number {
  const four = bytes[at]! >>> 4 === 4;
  const addresses = four ? addToSum(bytes, at + 12, 8, 0) : addToSum(bytes, at + 8, 32, 0);
  return fold(addresses + protocol + (transportLength & 0xffff) + (transportLength >>> 16));
}

/** Computes and stores the header checksum of the IPv4 packet at `at`. */
export function setIpv4Checksum(bytes: Uint8Array, at: number): void {
  putU16(bytes, at + 10, 0);
  putU16(bytes, at + 10, checksumOf(addToSum(bytes, at, (bytes[at]! & 0x0f) * 4, 0)));
}

/** Where TCP and UDP have their checksum, counted from their header; -1 for other protocols. */
export function checksumOffset(protocol: number): number {
  if (protocol === protocolTcp) return 16;
  return protocol === protocolUdp ? 6 : -1;
}

/**
 * Completes a checksum whose field holds the sum of the pseudo-header. The unit's header in link form, at `at`, names
 * the place in the packet, whose `length` bytes lie at `packet` of `bytes`. False when it is outside the packet.
 */
export function completeChecksum(
  unit: Uint8Array,
  at: number,
  bytes: Uint8Array,
  packet: number,
  length: number,
): boolean {
  const start = u16(unit, at + 6);
  const field = start + u16(unit, at + 8);
  if (field + 2 > length) return false;
  const value = checksumOf(addToSum(bytes, packet + start, length - start, 0));
  // A checksum of zero means "none" in UDP; 0xffff is its other form, valid everywhere.
  putU16(bytes, packet + field, value === 0 ? 0xffff : value);
  return true;
}
