import * as fc from "fast-check";
import { expect, test } from "vitest";
import { arpFilter, neighbourFilter } from "../../src/daemon/forward/filter.ts";
import { neighbourAnnouncement } from "../../src/daemon/forward/neighbour.ts";
import { arpQuestion, askerMac, bytes, neighbourQuestion } from "./questions.ts";

/** What the kernel would do (linux/filter.h): the bytes that are let through. A load from behind the end refuses. */
function run(program: Buffer, frame: Uint8Array): number {
  let accumulator = 0;
  for (let pc = 0; pc * 8 < program.length; pc += 1) {
    const at = pc * 8;
    const [code, ifTrue, ifFalse] = [program.readUInt16LE(at), program.readUInt8(at + 2), program.readUInt8(at + 3)];
    const value = program.readUInt32LE(at + 4);
    if (code === 0x06) return value;
    if (code === 0x15) pc += accumulator === value ? ifTrue : ifFalse;
    else {
      const size = { 0x28: 2, 0x30: 1 }[code];
      if (size === undefined) throw new Error(`instruction ${code}`);
      if (value + size > frame.length) return 0;
      accumulator = Buffer.from(frame).readUIntBE(value, size);
    }
  }
  throw new Error("ran over the end");
}

const advertisement = neighbourAnnouncement(askerMac, bytes("fd00:8::5"));

test("whole frames of their own kind pass", () => {
  expect(run(arpFilter, arpQuestion("10.8.1.5"))).toBeGreaterThan(1500);
  expect(run(neighbourFilter, neighbourQuestion("fd00:8::5"))).toBeGreaterThan(1500);
  expect(run(neighbourFilter, advertisement)).toBeGreaterThan(1500);
});

test("nothing else does", () => {
  expect(run(arpFilter, neighbourQuestion("fd00:8::5"))).toBe(0);
  expect(run(neighbourFilter, arpQuestion("10.8.1.5"))).toBe(0);
  for (const [program, frame, fields] of [
    [arpFilter, arpQuestion("10.8.1.5"), [12, 13, 14, 15, 16, 17]],
    [neighbourFilter, advertisement, [12, 13, 20]],
  ] as const) {
    fc.assert(
      fc.property(fc.constantFrom(...fields), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const other = Buffer.from(frame);
        other[at]! ^= change;
        expect(run(program, other)).toBe(0);
      }),
    );
  }
  for (let type = 0; type < 256; type += 1) {
    const other = Buffer.from(advertisement);
    other[54] = type;
    expect(run(neighbourFilter, other) > 0).toBe(type === 135 || type === 136);
  }
  expect(run(neighbourFilter, advertisement.subarray(0, 40))).toBe(0);
});
