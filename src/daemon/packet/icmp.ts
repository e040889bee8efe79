import { putU16, putU32 } from "./bytes.ts";
import { addToSum, checksumOf, pseudoHeaderSum, setIpv4Checksum } from "./checksum.ts";
import { destinationKind, sourceKind } from "./address-kind.ts";
import {
  isLaterFragment,
  locateTransport,
  protocolIcmp,
  protocolIcmpv6,
  type Transport,
  transportOffset,
  transportProtocol,
} from "./transport.ts";

/** The longest answer: IPv6's smallest MTU (RFC 4443); RFC 1812 sets 576 for IPv4. */
export const longestTooBig = 1280;
const longestIpv4 = 576;

const hopLimit = 64;
/** Internetwork control, which Linux gives its ICMP errors. */
const controlTos = 0xc0;

/**
 * Writes the answer to a well-formed packet of `length` bytes that is larger than `mtu`: ICMP "fragmentation needed"
 * (RFC 792, 1191) or ICMPv6 "packet too big" (RFC 4443), from `source` (4 or 16 bytes, of the packet's family) to its
 * sender, with as much of the packet as fits. `room` has longestTooBig bytes from `roomAt` on.
 * Returns the answer's length; 0 where none may be sent. Whether an IPv4 packet allows fragments is not asked.
 */
export function buildTooBig(
  bytes: Uint8Array,
  at: number,
  length: number,
  mtu: number,
  source: Uint8Array,
  room: Uint8Array,
  roomAt: number,
): number {
  if (!mayAnswer(bytes, at, length)) return 0;
  return bytes[at]! >>> 4 === 4
    ? buildIpv4(bytes, at, length, mtu, source, room, roomAt)
    : buildIpv6(bytes, at, length, mtu, source, room, roomAt);
}

/** RFC 1122 3.2.2 and RFC 4443 2.4: never about ICMP errors, group addresses, later fragments, or to nobody. */
function mayAnswer(bytes: Uint8Array, at: number, length: number): boolean {
  const transport = locateTransport(bytes, at, length);
  if (transport < 0 || isLaterFragment(transport) || sourceKind(bytes, at) !== "unicast") return false;
  const to = destinationKind(bytes, at);
  return to !== "multicast" && to !== "broadcast" && !isIcmpError(bytes, at, length, transport);
}

/** An ICMP message that is an error, or that is too short to tell. */
function isIcmpError(bytes: Uint8Array, at: number, length: number, transport: Transport): boolean {
  const protocol = transportProtocol(transport);
  if (protocol !== protocolIcmp && protocol !== protocolIcmpv6) return false;
  const offset = transportOffset(transport);
  if (offset >= length) return true;
  const type = bytes[at + offset]!;
  if (protocol === protocolIcmpv6) return type < 128;
  return type === 3 || type === 4 || type === 5 || type === 11 || type === 12;
}

function buildIpv4(
  bytes: Uint8Array,
  at: number,
  length: number,
  mtu: number,
  source: Uint8Array,
  room: Uint8Array,
  roomAt: number,
): number {
  const quoted = Math.min(length, longestIpv4 - 28);
  const total = quoted + 28;
  room.fill(0, roomAt, roomAt + 28);
  room[roomAt] = 0x45;
  room[roomAt + 1] = controlTos;
  putU16(room, roomAt + 2, total);
  room[roomAt + 8] = hopLimit;
  room[roomAt + 9] = protocolIcmp;
  room.set(source, roomAt + 12);
  room.set(bytes.subarray(at + 12, at + 16), roomAt + 16);
  setIpv4Checksum(room, roomAt);
  const icmp = roomAt + 20;
  room[icmp] = 3;
  room[icmp + 1] = 4;
  putU16(room, icmp + 6, mtu);
  room.set(bytes.subarray(at, at + quoted), icmp + 8);
  putU16(room, icmp + 2, checksumOf(addToSum(room, icmp, quoted + 8, 0)));
  return total;
}

function buildIpv6(
  bytes: Uint8Array,
  at: number,
  length: number,
  mtu: number,
  source: Uint8Array,
  room: Uint8Array,
  roomAt: number,
): number {
  const quoted = Math.min(length, longestTooBig - 48);
  room.fill(0, roomAt, roomAt + 48);
  room[roomAt] = 0x60;
  putU16(room, roomAt + 4, quoted + 8);
  room[roomAt + 6] = protocolIcmpv6;
  room[roomAt + 7] = hopLimit;
  room.set(source, roomAt + 8);
  room.set(bytes.subarray(at + 8, at + 24), roomAt + 24);
  const icmp = roomAt + 40;
  room[icmp] = 2;
  putU32(room, icmp + 4, mtu);
  room.set(bytes.subarray(at, at + quoted), icmp + 8);
  const pseudo = pseudoHeaderSum(room, roomAt, protocolIcmpv6, quoted + 8);
  putU16(room, icmp + 2, checksumOf(addToSum(room, icmp, quoted + 8, pseudo)));
  return quoted + 48;
}
