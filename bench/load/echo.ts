/** Length of an echo request: IPv4 header, ICMP header, the time at which it was sent. */
const length = 20 + 8 + 8;

/** An ICMP echo request (RFC 792) that carries the time. */
export function echoRequest(from: string, to: string): Buffer {
  const packet = Buffer.alloc(length);
  packet.writeUInt8(0x45, 0);
  packet.writeUInt16BE(length, 2);
  packet.writeUInt8(64, 8);
  packet.writeUInt8(1, 9);
  packet.set(from.split(".").map(Number), 12);
  packet.set(to.split(".").map(Number), 16);
  packet.writeUInt16BE(checksum(packet.subarray(0, 20)), 10);
  packet.writeUInt8(8, 20);
  packet.writeDoubleBE(performance.now(), 28);
  packet.writeUInt16BE(checksum(packet.subarray(20)), 22);
  return packet;
}

/** Milliseconds since the request that this packet answers was sent. */
export function echoMillis(packet: Buffer): number {
  return packet.length === length ? performance.now() - packet.readDoubleBE(28) : Number.NaN;
}

/** RFC 1071. */
function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
