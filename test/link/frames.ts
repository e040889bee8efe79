import * as fc from "fast-check";
import { controlFrame, frameBounds, frameHeaderBytes, type FrameType } from "../../src/daemon/link/frame.ts";

export interface Frame {
  readonly type: number;
  readonly body: Buffer;
}

export interface Parsed {
  readonly frames: Frame[];
  readonly fault: "unknown_type" | "bad_length" | undefined;
}

/** What docs/protocol.md says of a stream of bytes, in the plainest way. */
export function parse(stream: Buffer): Parsed {
  const frames: Frame[] = [];
  for (let at = 0; stream.length - at >= frameHeaderBytes; ) {
    const type = stream.readUInt8(at);
    const length = stream.readUIntBE(at + 1, 3);
    const bounds = frameBounds.get(type);
    if (bounds === undefined) return { frames, fault: "unknown_type" };
    if (length < bounds.min || length > bounds.max) return { frames, fault: "bad_length" };
    if (stream.length - at - frameHeaderBytes < length) break;
    frames.push({ type, body: stream.subarray(at + frameHeaderBytes, at + frameHeaderBytes + length) });
    at += frameHeaderBytes + length;
  }
  return { frames, fault: undefined };
}

/** Any frame that keeps to the bounds; mostly short ones, so that a stream holds many. */
export const anyFrame: fc.Arbitrary<Buffer> = fc.constantFrom(...frameBounds).chain(([type, { min, max }]) =>
  fc
    .oneof(
      { weight: 8, arbitrary: fc.integer({ min, max: Math.min(max, min + 200) }) },
      { weight: 1, arbitrary: fc.integer({ min, max }) },
    )
    .chain((length) =>
      fc.integer({ min: 0, max: 255 }).map((seed) => {
        const body = Buffer.alloc(length);
        for (let i = 0; i < length; i++) body[i] = (seed + i * 7) & 0xff;
        return controlFrame(type as FrameType, body);
      }),
    ),
);

/** Sizes of chunks, used in turn. */
export const anyChunking: fc.Arbitrary<readonly number[]> = fc.array(
  fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 70_000 })),
  { minLength: 1, maxLength: 20 },
);

export function* chunks(stream: Buffer, sizes: readonly number[]): Generator<Buffer> {
  for (let at = 0, turn = 0; at < stream.length; turn++) {
    const size = sizes[turn % sizes.length] as number;
    yield stream.subarray(at, at + size);
    at += size;
  }
}
