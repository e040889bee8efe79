import { putU16, u16 } from "./bytes.ts";
import { checksumOffset, pseudoHeaderSum } from "./checksum.ts";
import { copy, finishIp, finishTcp } from "./segment.ts";
import { protocolTcp, protocolUdp } from "./transport.ts";
import { flagEcn, kindNone, kindTcp6, unitHeaderLength } from "./vnet.ts";

/** The room that recutUnit needs when `gap` bytes are left free in front of each piece. */
export function recutLength(unit: Uint8Array, at: number, packetLength: number, segments: number, gap: number): number {
  const headers = u16(unit, at + 2);
  const pieces = Math.ceil((packetLength - headers) / (segments * u16(unit, at + 4)));
  return packetLength - headers + pieces * (gap + unitHeaderLength + headers);
}

/**
 * Cuts a unit that is to be cut into packets into smaller units of `segments` packets each, whose checksums the peer
 * completes as it would the large one's. The unit has its header in link form at `at` and passed checkOffload. The
 * pieces, each its header in link form and its packet, are written one after the other to `room` from `roomAt` on, each
 * behind `gap` free bytes; `emit` is told where each lies and how long its packet is.
 */
export function recutUnit(
  unit: Uint8Array,
  at: number,
  packetLength: number,
  segments: number,
  room: Uint8Array,
  roomAt: number,
  gap: number,
  emit: (offset: number, packetLength: number) => void,
): void {
  const headers = u16(unit, at + 2);
  const step = segments * u16(unit, at + 4);
  let place = roomAt;
  for (let done = headers; done < packetLength; done += step) {
    const payload = Math.min(step, packetLength - done);
    place += gap;
    copy(unit, at, unitHeaderLength + headers, room, place);
    copy(unit, at + unitHeaderLength + done, payload, room, place + unitHeaderLength + headers);
    finishPiece(room, place, headers + payload, done - headers, segments, done + payload === packetLength);
    emit(place, headers + payload);
    place += unitHeaderLength + headers + payload;
  }
}

/** Corrects both headers of the piece at `place`, whose payload begins `done` bytes into the unit's. */
function finishPiece(
  room: Uint8Array,
  place: number,
  length: number,
  done: number,
  segments: number,
  last: boolean,
): void {
  const packet = place + unitHeaderLength;
  const tcp = room[place]! <= kindTcp6;
  const transport = u16(room, place + 6);
  finishIp(room, packet, length, done / u16(room, place + 4));
  if (tcp) finishTcp(room, packet + transport, done, last);
  else putU16(room, packet + transport + 4, length - transport);
  const protocol = tcp ? protocolTcp : protocolUdp;
  const sum = pseudoHeaderSum(room, packet, protocol, length - transport);
  putU16(room, packet + transport + checksumOffset(protocol), sum);
  const onePacket = segments === 1 || length - u16(room, place + 2) <= u16(room, place + 4);
  if (onePacket) makeWhole(room, place);
}

/** The piece is one packet, of which only the checksum is to be completed. */
function makeWhole(room: Uint8Array, place: number): void {
  room[place] = kindNone;
  room[place + 1]! &= ~flagEcn;
  putU16(room, place + 2, 0);
  putU16(room, place + 4, 0);
}
