/** Packets made and read by other code than the product's, with arrays and DataView, to hold it against. */

export function sumWords(bytes: Uint8Array): number {
  const even = bytes.length % 2 === 0 ? bytes : Uint8Array.from([...bytes, 0]);
  const view = new DataView(even.buffer, even.byteOffset, even.length);
  let sum = 0n;
  for (let at = 0; at < even.length; at += 2) sum += BigInt(view.getUint16(at));
  while (sum > 0xffffn) sum = (sum & 0xffffn) + (sum >> 16n);
  return Number(sum);
}

export interface Shape {
  readonly version: 4 | 6;
  readonly protocol: "tcp" | "udp";
  /** Bytes of IPv4 options (a multiple of 4), or of an IPv6 destination options header (a multiple of 8). */
  readonly options: number;
  /** Bytes of TCP options, a multiple of 4. */
  readonly tcpOptions: number;
  readonly flags: number;
  readonly sequence: number;
  readonly id: number;
  readonly payload: Uint8Array;
}

export const protocolNumber = { tcp: 6, udp: 17 } as const;

export function pseudoHeader(packet: Uint8Array, protocol: number, transportLength: number): Uint8Array {
  const addresses = (packet[0] ?? 0) >> 4 === 4 ? packet.slice(12, 20) : packet.slice(8, 40);
  const tail = new Uint8Array(8);
  new DataView(tail.buffer).setUint32(0, transportLength);
  tail[7] = protocol;
  return Uint8Array.from([...addresses, ...tail]);
}

/** An IP packet whose transport checksum holds only the sum of the pseudo-header, as the kernel hands it to a TUN. */
export function makePacket(shape: Shape): { packet: Uint8Array; transport: number; headers: number } {
  const transport = (shape.version === 4 ? 20 : 40) + shape.options;
  const headers = transport + (shape.protocol === "tcp" ? 20 + shape.tcpOptions : 8);
  const packet = new Uint8Array(headers + shape.payload.length);
  const view = new DataView(packet.buffer);
  const protocol = protocolNumber[shape.protocol];
  if (shape.version === 4) {
    view.setUint8(0, 0x40 | (transport / 4));
    view.setUint16(2, packet.length);
    view.setUint16(4, shape.id);
    view.setUint8(8, 64);
    view.setUint8(9, protocol);
    packet.set([10, 8, 0, 1, 10, 8, 0, 2], 12);
    packet.fill(1, 20, transport);
    view.setUint16(10, 0xffff - sumWords(packet.slice(0, transport)));
  } else {
    view.setUint8(0, 0x60);
    view.setUint16(4, packet.length - 40);
    view.setUint8(6, shape.options === 0 ? protocol : 60);
    view.setUint8(7, 64);
    packet.set([0xfd, 0, 0, 8], 8);
    packet.set([0xfd, 0, 0, 8], 24);
    view.setUint8(23, 1);
    view.setUint8(39, 2);
    if (shape.options > 0) packet.set([protocol, shape.options / 8 - 1, 1, shape.options - 4], 40);
  }
  view.setUint16(transport, 40_000);
  view.setUint16(transport + 2, 443);
  if (shape.protocol === "tcp") {
    view.setUint32(transport + 4, shape.sequence);
    view.setUint8(transport + 12, (20 + shape.tcpOptions) << 2);
    view.setUint8(transport + 13, shape.flags);
    packet.fill(1, transport + 20, headers);
  } else {
    view.setUint16(transport + 4, packet.length - transport);
  }
  const pseudo = pseudoHeader(packet, protocol, packet.length - transport);
  view.setUint16(transport + (shape.protocol === "tcp" ? 16 : 6), sumWords(pseudo));
  packet.set(shape.payload, headers);
  return { packet, transport, headers };
}

/** Whether the checksums of IP (version 4) and of the transport header at `transport` are right. */
export function checksumsHold(packet: Uint8Array, transport: number, protocol: number): boolean {
  const four = (packet[0] ?? 0) >> 4 === 4;
  const body = packet.slice(transport);
  const pseudo = pseudoHeader(packet, protocol, body.length);
  const ipHolds = !four || sumWords(packet.slice(0, ((packet[0] ?? 0) & 15) * 4)) === 0xffff;
  return ipHolds && sumWords(Uint8Array.from([...pseudo, ...body])) === 0xffff;
}

/** A unit with a virtio-net header (little-endian) in front of a packet. */
export function makeUnit(
  packet: Uint8Array,
  header: { flags?: number; gso?: number; headers?: number; size?: number; start?: number; offset?: number },
): Buffer {
  const unit = Buffer.alloc(10 + packet.length);
  unit.writeUInt8(header.flags ?? 0, 0);
  unit.writeUInt8(header.gso ?? 0, 1);
  unit.writeUInt16LE(header.headers ?? 0, 2);
  unit.writeUInt16LE(header.size ?? 0, 4);
  unit.writeUInt16LE(header.start ?? 0, 6);
  unit.writeUInt16LE(header.offset ?? 0, 8);
  unit.set(packet, 10);
  return unit;
}
