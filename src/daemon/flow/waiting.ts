import { frameHeaderBytes, frameType, writeFrameHeader } from "../link/frame.ts";
import type { Queued } from "../limit/fair-queue.ts";
import type { Millis } from "../../shared/clock.ts";
import { u16 } from "../packet/bytes.ts";
import { recutLength, recutUnit } from "../packet/recut.ts";
import { segmentCount, splitLength, splitUnit } from "../packet/segment.ts";
import { kindNone, unitHeaderLength } from "../packet/vnet.ts";
import type { SessionSpec } from "../session/data-session.ts";
import { sendable } from "./unit.ts";

/** A link frame that waits; `bytes` are the inner IP bytes that it becomes on the other side. */
export interface Waiting extends Queued {
  readonly frame: Uint8Array;
  /** Inner bytes of the frame as it is sent. */
  readonly inner: number;
}

/** What one unit may carry, so that others don't wait long behind it. */
export interface PieceSize {
  readonly bytes: number;
  readonly packets: number;
}

export interface Unit {
  readonly bytes: Uint8Array;
  /** Its header in link form; at least 4 bytes lie in front. */
  readonly header: number;
  /** Of its packet. */
  readonly length: number;
  readonly flow: number;
  readonly since: Millis;
}

/** Copies the unit into frames that may wait, in pieces of this size; `emit` gets them in order. */
export function toWait(unit: Unit, peer: SessionSpec["peer"], piece: PieceSize, emit: (item: Waiting) => void): void {
  const { bytes, header } = unit;
  if (bytes[header] === kindNone && bytes[header + 1] === 0) return whole(unit, emit);
  if (!sendable(bytes, header, peer)) return split(unit, emit);
  if (bytes[header] === kindNone) return whole(unit, emit);
  const segments = segmentsOf(unit, piece);
  if (segments < segmentCount(bytes, header, unit.length)) return recut(unit, segments, emit);
  whole(unit, emit);
}

/** How many of the unit's packets a piece may have. */
function segmentsOf({ bytes, header }: Unit, piece: PieceSize): number {
  const packet = u16(bytes, header + 2) + u16(bytes, header + 4);
  return Math.max(1, Math.floor(Math.min(piece.bytes / packet, piece.packets)));
}

function whole({ bytes, header, length, flow, since }: Unit, emit: (item: Waiting) => void): void {
  const plain = bytes[header] === kindNone && bytes[header + 1] === 0;
  const from = plain ? header + unitHeaderLength : header;
  const body = header + unitHeaderLength + length - from;
  const frame = Buffer.allocUnsafe(frameHeaderBytes + body);
  frame.set(bytes.subarray(from, from + body), frameHeaderBytes);
  writeFrameHeader(frame, 0, plain ? frameType.packet : frameType.offload, body);
  const packets = segmentCount(bytes, header, length);
  emit({ frame, inner: length, flow, since, packets, bytes: splitLength(bytes, header, length, 0) });
}

function split({ bytes, header, length, flow, since }: Unit, emit: (item: Waiting) => void): void {
  const room = Buffer.allocUnsafe(splitLength(bytes, header, length, frameHeaderBytes));
  splitUnit(bytes, header, length, room, 0, frameHeaderBytes, (offset, size) => {
    const start = offset - frameHeaderBytes;
    writeFrameHeader(room, start, frameType.packet, size);
    emit({ frame: room.subarray(start, offset + size), inner: size, flow, since, packets: 1, bytes: size });
  });
}

function recut({ bytes, header, length, flow, since }: Unit, segments: number, emit: (item: Waiting) => void): void {
  const room = Buffer.allocUnsafe(recutLength(bytes, header, length, segments, frameHeaderBytes));
  recutUnit(bytes, header, length, segments, room, 0, frameHeaderBytes, (offset, size) => {
    const start = offset - frameHeaderBytes;
    const end = offset + unitHeaderLength + size;
    writeFrameHeader(room, start, frameType.offload, unitHeaderLength + size);
    const packets = segmentCount(room, offset, size);
    emit({
      frame: room.subarray(start, end),
      inner: size,
      flow,
      since,
      packets,
      bytes: splitLength(room, offset, size, 0),
    });
  });
}
