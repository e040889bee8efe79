import { frameHeaderBytes, frameType, writeFrameHeader } from "../link/frame.ts";
import { u16 } from "../packet/bytes.ts";
import { buildTooBig } from "../packet/icmp.ts";
import { ipVersion } from "../packet/ip.ts";
import { splitLength, splitUnit } from "../packet/segment.ts";
import { headersLength, kindNone, kindTcp4, kindTcp6, needsChecksum, unitHeaderLength } from "../packet/vnet.ts";
import type { SessionSpec } from "../session/data-session.ts";

/** Whether the peer can inject the unit whose header, in link form, is at `header`. */
export function sendable(bytes: Uint8Array, header: number, peer: SessionSpec["peer"]): boolean {
  if (needsChecksum(bytes, header) && !peer.checksum) return false;
  const kind = bytes[header];
  if (kind === kindNone) return true;
  if (kind === kindTcp4) return peer.tso4;
  return kind === kindTcp6 ? peer.tso6 : peer.uso;
}

/** Length of the largest packet that the unit, with its header in link form at `header`, becomes on the other side. */
export function largestPacket(bytes: Uint8Array, header: number, length: number): number {
  if (bytes[header] === kindNone) return length;
  return Math.min(length, headersLength(bytes, header + unitHeaderLength, length) + u16(bytes, header + 4));
}

/** For a peer that can't inject such a unit: PACKET frames with the packets that the kernel would have made of it. */
export function splitIntoFrames(
  bytes: Uint8Array,
  header: number,
  length: number,
): { frames: Buffer; units: number; inner: number } {
  const frames = Buffer.allocUnsafe(splitLength(bytes, header, length, frameHeaderBytes));
  let units = 0;
  let inner = 0;
  splitUnit(bytes, header, length, frames, 0, frameHeaderBytes, (offset, size) => {
    writeFrameHeader(frames, offset - frameHeaderBytes, frameType.packet, size);
    units += 1;
    inner += size;
  });
  return { frames, units, inner };
}

/**
 * The ICMP answer to a packet that is larger than `mtu`, written to `room` at `roomAt`; its length, 0 for none. In the
 * name of the destination: a kernel drops what arrives from one of its own addresses as martian.
 */
export function answerTooBig(
  bytes: Uint8Array,
  packet: number,
  length: number,
  mtu: number,
  room: Uint8Array,
  roomAt: number,
): number {
  const [from, to] = ipVersion(bytes, packet) === 4 ? [16, 20] : [24, 40];
  return buildTooBig(bytes, packet, length, mtu, bytes.subarray(packet + from, packet + to), room, roomAt);
}
