import { u16 } from "./bytes.ts";
import {
  isFragment,
  locateTransport,
  protocolTcp,
  protocolUdp,
  type Transport,
  transportOffset,
  transportProtocol,
} from "./transport.ts";
import {
  checksumIsTransports,
  flagDataValid,
  flagEcn,
  flagNeedsChecksum,
  headersLength,
  kindNone,
  kindTcp4,
  kindTcp6,
  kindUdp4,
  kindUdp6,
  unitHeaderLength,
} from "./vnet.ts";

/** Which field of a link header lies about the packet behind it. */
export type OffloadFault = "kind" | "flags" | "header_length" | "segment_size" | "segments" | "checksum";

export const smallestSegment = 48;
export const mostSegments = 128;

const knownFlags = flagNeedsChecksum | flagEcn | flagDataValid;

/**
 * Checks every field of the link header at `at` against the packet of `packetLength` bytes behind it, which
 * checkPacket accepts. A unit without fault can be cut by splitUnit and be given to the kernel.
 */
export function checkOffload(bytes: Uint8Array, at: number, packetLength: number): OffloadFault | undefined {
  const kind = bytes[at]!;
  const flags = bytes[at + 1]!;
  if (kind > kindUdp6) return "kind";
  if ((flags & ~knownFlags) !== 0) return "flags";
  if (kind === kindNone) return checkWhole(bytes, at, packetLength, flags);
  return checkCuttable(bytes, at, packetLength, kind, flags);
}

/** A unit that is one packet, perhaps with its checksum to be completed. */
function checkWhole(bytes: Uint8Array, at: number, packetLength: number, flags: number): OffloadFault | undefined {
  if ((flags & flagEcn) !== 0) return "flags";
  if (u16(bytes, at + 2) !== 0) return "header_length";
  if (u16(bytes, at + 4) !== 0) return "segment_size";
  if ((flags & flagNeedsChecksum) === 0) return u16(bytes, at + 6) + u16(bytes, at + 8) === 0 ? undefined : "checksum";
  return checksumIsTransports(bytes, at, packetLength) ? undefined : "checksum";
}

/** A unit that is to be cut into packets. */
function checkCuttable(
  bytes: Uint8Array,
  at: number,
  packetLength: number,
  kind: number,
  flags: number,
): OffloadFault | undefined {
  const packet = at + unitHeaderLength;
  const transport = locateTransport(bytes, packet, packetLength);
  if (transport < 0 || isFragment(transport) || kindOf(bytes[packet]! >>> 4, transport) !== kind) return "kind";
  if ((flags & flagNeedsChecksum) === 0 || ((flags & flagEcn) !== 0 && kind > kindTcp6)) return "flags";
  const minimum = transportOffset(transport) + (transportProtocol(transport) === protocolTcp ? 20 : 8);
  const headers = u16(bytes, at + 2);
  if (headers < minimum || headers >= packetLength || headers !== headersLength(bytes, packet, packetLength)) {
    return "header_length";
  }
  if (!checksumIsTransports(bytes, at, packetLength)) return "checksum";
  const size = u16(bytes, at + 4);
  if (size < smallestSegment || size + headers > 0xffff) return "segment_size";
  return packetLength - headers > size * mostSegments ? "segments" : undefined;
}

/** The kind that a packet of this IP version and protocol has when it is cut. */
function kindOf(version: number, transport: Transport): number {
  const protocol = transportProtocol(transport);
  if (protocol === protocolTcp) return version === 4 ? kindTcp4 : kindTcp6;
  if (protocol === protocolUdp) return version === 4 ? kindUdp4 : kindUdp6;
  return kindNone;
}
