/** Length of the header of one packet in a pcap file. */
export const recordHeaderBytes = 16;
/** The longest packet that a TUN with offload hands over. */
export const mostPacketBytes = 65_535;

/**
 * Writes the header of a packet of a pcap file (draft-ietf-opsawg-pcap, little-endian, microseconds) at `at`.
 * `wall` is in milliseconds since the Unix epoch.
 */
export function writeRecordHeader(bytes: Buffer, at: number, wall: number, length: number): void {
  const seconds = Math.floor(wall / 1000);
  bytes.writeUInt32LE(seconds, at);
  bytes.writeUInt32LE(Math.floor((wall - seconds * 1000) * 1000), at + 4);
  bytes.writeUInt32LE(length, at + 8);
  bytes.writeUInt32LE(length, at + 12);
}
