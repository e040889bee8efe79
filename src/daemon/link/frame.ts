/**
 * Framing of the link protocol (docs/protocol.md): a 4-byte header, type u8 and body length u24 in network byte
 * order, then a body whose size is bounded per type.
 */

export const frameHeaderBytes = 4;
/** Segmentation fields in front of the packet in an OFFLOAD body. */
export const offloadFieldsBytes = 10;

export const frameType = {
  hello: 1,
  welcome: 2,
  ping: 3,
  pong: 4,
  goaway: 5,
  close: 6,
  packet: 16,
  offload: 17,
  compressed: 18,
} as const;

export type FrameType = (typeof frameType)[keyof typeof frameType];

const maxControlBody = 4096;
/** An IP packet's total length is a u16. */
const maxPacket = 65_535;

export interface FrameBounds {
  readonly min: number;
  readonly max: number;
}

/** Bounds of the body by type; a type that is not here is a protocol error. */
export const frameBounds: ReadonlyMap<number, FrameBounds> = new Map([
  [frameType.hello, { min: 1, max: maxControlBody }],
  [frameType.welcome, { min: 1, max: maxControlBody }],
  [frameType.ping, { min: 8, max: 8 }],
  [frameType.pong, { min: 16, max: 16 }],
  [frameType.goaway, { min: 2, max: 512 }],
  [frameType.close, { min: 2, max: 512 }],
  [frameType.packet, { min: 20, max: maxPacket }],
  [frameType.offload, { min: offloadFieldsBytes + 20, max: offloadFieldsBytes + maxPacket }],
  [frameType.compressed, { min: 1, max: 65_536 }],
]);

/** That of an OFFLOAD with the largest packet. */
export const maxFrameBytes: number = frameHeaderBytes + offloadFieldsBytes + maxPacket;

export function writeFrameHeader(bytes: Uint8Array, offset: number, type: FrameType, bodyLength: number): void {
  bytes[offset] = type;
  bytes[offset + 1] = bodyLength >>> 16;
  bytes[offset + 2] = bodyLength >>> 8;
  bytes[offset + 3] = bodyLength;
}

/** A whole control frame. */
export function controlFrame(type: FrameType, body: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(frameHeaderBytes + body.length);
  writeFrameHeader(frame, 0, type, body.length);
  frame.set(body, frameHeaderBytes);
  return frame;
}

export type FrameFault = "unknown_type" | "bad_length";

/** Results of frameLength below zero. */
export const needMore = -1;
export const faultUnknownType = -2;
export const faultBadLength = -3;

/**
 * Length of the frame that starts at `offset`, header included, or needMore while fewer than 4 bytes lie before
 * `end`, or a fault. The body need not have arrived.
 */
export function frameLength(bytes: Uint8Array, offset: number, end: number): number {
  if (end - offset < frameHeaderBytes) return needMore;
  const type = bytes[offset] as number;
  const length =
    ((bytes[offset + 1] as number) << 16) | ((bytes[offset + 2] as number) << 8) | (bytes[offset + 3] as number);
  // The two types of the packet path are decided without a look-up.
  if (type === frameType.offload) {
    return length >= offloadFieldsBytes + 20 && length <= offloadFieldsBytes + maxPacket
      ? frameHeaderBytes + length
      : faultBadLength;
  }
  const bound = frameBounds.get(type);
  if (bound === undefined) return faultUnknownType;
  return length >= bound.min && length <= bound.max ? frameHeaderBytes + length : faultBadLength;
}
