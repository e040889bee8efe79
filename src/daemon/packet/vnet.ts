import { putU16, u16 } from "./bytes.ts";
import { checksumOffset, completeChecksum } from "./checksum.ts";
import { isFragment, locateTransport, protocolTcp, transportOffset, transportProtocol } from "./transport.ts";

/**
 * The header in front of a unit, in two forms of 10 bytes each: virtio-net (linux/virtio_net.h, struct
 * virtio_net_hdr, little-endian), as the TUN has it, and the link's own, in network byte order:
 *
 *     0 kind u8 (OffloadKind)    1 flags u8    2 header length u16    4 segment size u16
 *     6 checksum start u16       8 checksum offset u16
 */
export const unitHeaderLength = 10;

/** The link's kinds: what the unit is to be cut into. */
export const kindNone = 0;
export const kindTcp4 = 1;
export const kindTcp6 = 2;
export const kindUdp4 = 3;
export const kindUdp6 = 4;

/** The link's flags. */
export const flagNeedsChecksum = 1;
export const flagEcn = 2;
export const flagDataValid = 4;

const virtioNeedsChecksum = 1;
const virtioDataValid = 2;
const virtioGsoNone = 0;
const virtioGsoTcp4 = 1;
const virtioGsoTcp6 = 4;
const virtioGsoUdp = 5;
const virtioEcn = 0x80;

/** Whether the unit is one complete packet that needs nothing: true of both forms. */
export function isPlain(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0 && bytes[at + 1] === 0;
}

/**
 * Turns the virtio-net header at `at`, which the kernel wrote, into the link's form, in place. The packet of
 * `packetLength` bytes follows it. False when it is of a kind that the link doesn't know; the bytes are then spoilt.
 * A checksum that is not that of the outermost TCP or UDP header (a tunnel inside ours) is completed here.
 */
export function vnetToLink(bytes: Uint8Array, at: number, packetLength: number): boolean {
  if (isPlain(bytes, at)) return true;
  const virtioFlags = bytes[at]!;
  const gso = bytes[at + 1]!;
  const packet = at + unitHeaderLength;
  const kind = linkKind(gso & ~virtioEcn, bytes[packet]! >>> 4);
  if (kind < 0 || (virtioFlags & ~(virtioNeedsChecksum | virtioDataValid)) !== 0) return false;
  bytes[at] = kind;
  bytes[at + 1] = linkFlags(virtioFlags, gso);
  for (let field = at + 4; field < packet; field += 2) swapU16(bytes, field);
  // The kernel's length may cover payload too, so the real one is found anew.
  putU16(bytes, at + 2, kind === kindNone ? 0 : headersLength(bytes, packet, packetLength));
  return kind !== kindNone || settleChecksum(bytes, at, packetLength);
}

/** Makes the unit of one packet plain unless its checksum is one that the peer's kernel can complete. */
function settleChecksum(bytes: Uint8Array, at: number, packetLength: number): boolean {
  const needed = needsChecksum(bytes, at);
  if (needed && checksumIsTransports(bytes, at, packetLength)) return true;
  const done = !needed || completeChecksum(bytes, at, bytes, at + unitHeaderLength, packetLength);
  bytes.fill(0, at, at + unitHeaderLength);
  return done;
}

/** Turns a link header that checkOffload accepted into the virtio-net form, in place. */
export function linkToVnet(bytes: Uint8Array, at: number): void {
  const kind = bytes[at]!;
  const flags = bytes[at + 1]!;
  const needsChecksum = (flags & flagNeedsChecksum) !== 0 ? virtioNeedsChecksum : 0;
  bytes[at] = needsChecksum | ((flags & flagDataValid) !== 0 ? virtioDataValid : 0);
  bytes[at + 1] = virtioGso(kind) | ((flags & flagEcn) !== 0 ? virtioEcn : 0);
  for (let field = at + 2; field < at + unitHeaderLength; field += 2) swapU16(bytes, field);
}

/** IP and transport header of a TCP or UDP packet whose headers lie inside `length`; 0 when they can't be found. */
export function headersLength(bytes: Uint8Array, packet: number, length: number): number {
  const transport = locateTransport(bytes, packet, length);
  if (transport < 0) return 0;
  const offset = transportOffset(transport);
  if (transportProtocol(transport) !== protocolTcp) return offset + 8;
  return offset + 20 > length ? 0 : offset + (bytes[packet + offset + 12]! >>> 4) * 4;
}

function linkKind(gso: number, version: number): number {
  if (gso === virtioGsoNone) return kindNone;
  if (gso === virtioGsoTcp4) return kindTcp4;
  if (gso === virtioGsoTcp6) return kindTcp6;
  if (gso === virtioGsoUdp) return version === 4 ? kindUdp4 : kindUdp6;
  return -1;
}

function linkFlags(virtioFlags: number, gso: number): number {
  return (
    ((virtioFlags & virtioNeedsChecksum) !== 0 ? flagNeedsChecksum : 0) |
    ((virtioFlags & virtioDataValid) !== 0 ? flagDataValid : 0) |
    ((gso & virtioEcn) !== 0 ? flagEcn : 0)
  );
}

function virtioGso(kind: number): number {
  if (kind === kindNone) return virtioGsoNone;
  if (kind === kindTcp4) return virtioGsoTcp4;
  return kind === kindTcp6 ? virtioGsoTcp6 : virtioGsoUdp;
}

function swapU16(bytes: Uint8Array, at: number): void {
  putU16(bytes, at, bytes[at]! | (bytes[at + 1]! << 8));
}

/** Whether the header in link form asks for work on the packet's checksum. */
export function needsChecksum(bytes: Uint8Array, at: number): boolean {
  return (bytes[at + 1]! & flagNeedsChecksum) !== 0;
}

/** Whether a link header has the checksum where the packet's own TCP or UDP header has it, inside the packet. */
export function checksumIsTransports(bytes: Uint8Array, at: number, packetLength: number): boolean {
  const transport = locateTransport(bytes, at + unitHeaderLength, packetLength);
  if (transport < 0 || isFragment(transport)) return false;
  const start = u16(bytes, at + 6);
  const offset = u16(bytes, at + 8);
  const expected = checksumOffset(transportProtocol(transport));
  return start === transportOffset(transport) && offset === expected && start + offset + 2 <= packetLength;
}
