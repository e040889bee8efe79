import { putU16, putU32, u16, u32 } from "./bytes.ts";
import {
  addToSum,
  checksumOf,
  checksumOffset,
  completeChecksum,
  pseudoHeaderSum,
  setIpv4Checksum,
} from "./checksum.ts";
import { kindNone, kindTcp6, needsChecksum, unitHeaderLength } from "./vnet.ts";
import { protocolTcp, protocolUdp } from "./transport.ts";

const tcpFin = 0x01;
const tcpPsh = 0x08;
const tcpCwr = 0x80;

/** How many packets splitUnit makes of a unit. */
export function segmentCount(unit: Uint8Array, at: number, packetLength: number): number {
  if (unit[at] === kindNone) return 1;
  return Math.ceil((packetLength - u16(unit, at + 2)) / u16(unit, at + 4));
}

/** The room that splitUnit needs when `gap` bytes are left free in front of each packet. */
export function splitLength(unit: Uint8Array, at: number, packetLength: number, gap: number): number {
  const headers = unit[at] === kindNone ? 0 : u16(unit, at + 2);
  return packetLength - headers + segmentCount(unit, at, packetLength) * (gap + headers);
}

/**
 * Cuts a unit, as TCP and UDP segmentation offload would, into complete packets for a peer without offload. The unit
 * has its header in link form at `at` and passed checkOffload. The packets are written one after the other to `room`
 * from `roomAt` on (not overlapping the unit; splitLength bytes), each behind `gap` free bytes, and `emit` is told where
 * each lies.
 */
export function splitUnit(
  unit: Uint8Array,
  at: number,
  packetLength: number,
  room: Uint8Array,
  roomAt: number,
  gap: number,
  emit: (offset: number, length: number) => void,
): void {
  const packet = at + unitHeaderLength;
  if (unit[at] === kindNone) {
    copy(unit, packet, packetLength, room, roomAt + gap);
    if (needsChecksum(unit, at)) completeChecksum(unit, at, room, roomAt + gap, packetLength);
    emit(roomAt + gap, packetLength);
    return;
  }
  const headers = u16(unit, at + 2);
  const size = u16(unit, at + 4);
  let place = roomAt;
  for (let done = headers; done < packetLength; done += size) {
    const payload = Math.min(size, packetLength - done);
    place += gap;
    copy(unit, packet, headers, room, place);
    copy(unit, packet + done, payload, room, place + headers);
    finishSegment(unit, at, room, place, headers + payload, done - headers, done + payload === packetLength);
    emit(place, headers + payload);
    place += headers + payload;
  }
}

/** Copies what lies at `at` to `toAt` of `to`. */
export function copy(from: Uint8Array, at: number, length: number, to: Uint8Array, toAt: number): void {
  to.set(from.subarray(at, at + length), toAt);
}

/** Corrects the headers of the packet at `place`, whose payload begins `done` bytes into the unit's. */
function finishSegment(
  unit: Uint8Array,
  at: number,
  room: Uint8Array,
  place: number,
  length: number,
  done: number,
  last: boolean,
): void {
  const transport = u16(unit, at + 6);
  const tcp = unit[at]! <= kindTcp6;
  finishIp(room, place, length, done / u16(unit, at + 4));
  if (tcp) finishTcp(room, place + transport, done, last);
  else putU16(room, place + transport + 4, length - transport);
  const protocol = tcp ? protocolTcp : protocolUdp;
  const field = place + transport + checksumOffset(protocol);
  putU16(room, field, 0);
  const pseudo = pseudoHeaderSum(room, place, protocol, length - transport);
  const value = checksumOf(addToSum(room, place + transport, length - transport, pseudo));
  putU16(room, field, value === 0 && !tcp ? 0xffff : value);
}

/** Length, identification and checksum of the IP header at `place`, of the piece of this number. */
export function finishIp(room: Uint8Array, place: number, length: number, index: number): void {
  if (room[place]! >>> 4 === 6) {
    putU16(room, place + 4, length - 40);
    return;
  }
  putU16(room, place + 2, length);
  putU16(room, place + 4, u16(room, place + 4) + index);
  setIpv4Checksum(room, place);
}

/** Sequence number and flags of a piece whose payload begins `done` bytes into the unit's. */
export function finishTcp(room: Uint8Array, header: number, done: number, last: boolean): void {
  putU32(room, header + 4, u32(room, header + 4) + done);
  const flags = room[header + 13]!;
  room[header + 13] = flags & ~(last ? 0 : tcpFin | tcpPsh) & ~(done === 0 ? 0 : tcpCwr);
}
