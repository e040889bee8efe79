/** An Ethernet frame around a packet, padded as short frames are. */
function ethernet(type: number, packet: Buffer): Buffer {
  const header = Buffer.alloc(14);
  header.writeUInt16BE(type, 12);
  const frame = Buffer.concat([header, packet]);
  return Buffer.concat([frame, Buffer.alloc(Math.max(0, 60 - frame.length))]);
}

export interface TcpShape {
  flags: number;
  ports?: [source: number, destination: number];
  payload?: number;
}

function tcp({ flags, ports = [40_000, 443], payload = 0 }: TcpShape): Buffer {
  const segment = Buffer.alloc(20 + payload);
  segment.writeUInt16BE(ports[0], 0);
  segment.writeUInt16BE(ports[1], 2);
  segment.writeUInt8(5 << 4, 12);
  segment.writeUInt8(flags, 13);
  return segment;
}

/** A frame with an IPv4 packet of a protocol; `offset` is the fragment's. */
export function ipv4Frame(protocol: number, payload: Buffer, offset = 0): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt8(0x45, 0);
  header.writeUInt16BE(20 + payload.length, 2);
  header.writeUInt16BE(offset, 6);
  header.writeUInt8(protocol, 9);
  return ethernet(0x0800, Buffer.concat([header, payload]));
}

export function ipv6Frame(protocol: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(40);
  header.writeUInt8(0x60, 0);
  header.writeUInt16BE(payload.length, 4);
  header.writeUInt8(protocol, 6);
  return ethernet(0x86dd, Buffer.concat([header, payload]));
}

export function tcpFrame(shape: TcpShape): Buffer {
  return ipv4Frame(6, tcp(shape));
}

export function tcp6Frame(shape: TcpShape): Buffer {
  return ipv6Frame(6, tcp(shape));
}

export function arpFrame(): Buffer {
  return ethernet(0x0806, Buffer.alloc(28));
}

/** A frame of `size` bytes that begins with its number and is no IP packet. */
export function numberedFrame(number: number, size = 100): Buffer {
  const frame = Buffer.alloc(size);
  frame.writeUInt32BE(number, 0);
  return frame;
}
