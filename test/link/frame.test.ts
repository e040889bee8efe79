import { describe, expect, it } from "vitest";
import {
  controlFrame,
  faultBadLength,
  faultUnknownType,
  frameBounds,
  frameLength,
  frameType,
  maxFrameBytes,
  needMore,
} from "../../src/daemon/link/frame.ts";

function header(type: number, length: number): Buffer {
  return Buffer.of(type, length >>> 16, length >>> 8, length);
}

function lengthOf(bytes: Buffer): number {
  return frameLength(bytes, 0, bytes.length);
}

describe("a frame", () => {
  it("is a type, a length of 24 bits and a body", () => {
    const frame = controlFrame(frameType.welcome, Buffer.alloc(0x0abc, 7));
    expect(frame.subarray(0, 4)).toEqual(Buffer.of(2, 0, 0x0a, 0xbc));
    expect(frame.subarray(4)).toEqual(Buffer.alloc(0x0abc, 7));
    expect(lengthOf(frame)).toBe(frame.length);
  });

  it.each([...frameBounds])("of type %i is taken at both bounds and refused one byte beyond", (type, { min, max }) => {
    expect(lengthOf(header(type, min))).toBe(4 + min);
    expect(lengthOf(header(type, max))).toBe(4 + max);
    expect(lengthOf(header(type, min - 1))).toBe(faultBadLength);
    expect(lengthOf(header(type, max + 1))).toBe(faultBadLength);
    expect(4 + max).toBeLessThanOrEqual(maxFrameBytes);
  });

  it("of no known type is refused, whatever its length", () => {
    const known = new Set<number>(Object.values(frameType));
    for (let type = 0; type < 256; type++) {
      if (known.has(type)) expect(frameBounds.has(type)).toBe(true);
      else expect(lengthOf(header(type, 8))).toBe(faultUnknownType);
    }
  });

  it("needs its whole header", () => {
    const frame = controlFrame(frameType.ping, Buffer.alloc(8));
    for (let end = 0; end < 4; end++) expect(frameLength(frame, 0, end)).toBe(needMore);
    expect(frameLength(frame, 0, 4)).toBe(12);
    expect(frameLength(Buffer.concat([Buffer.alloc(5, 0xff), frame]), 5, 9)).toBe(12);
  });
});
