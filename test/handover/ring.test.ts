import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRing, RingReader, RingWriter } from "../../src/daemon/handover/ring.ts";

const capacity = 1024;

/** What the two threads do, in the order in which they come to it. */
const steps = fc.array(
  fc.oneof(
    fc.record({ length: fc.integer({ min: 0, max: 400 }), tag: fc.integer({ min: 0, max: 2 }) }),
    fc.record({ most: fc.integer({ min: 1, max: capacity }) }),
  ),
  { maxLength: 200 },
);

function record(length: number, seed: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, index) => (index * 7 + seed) & 0xff));
}

describe("a ring", () => {
  test("gives every record that it took once, whole and in order, whoever comes when", () => {
    fc.assert(
      fc.property(steps, (order) => {
        const memory = createRing(capacity);
        const [writer, reader] = [new RingWriter(memory), new RingReader(memory)];
        const given: string[] = [];
        const got: string[] = [];
        const drain = (most: number): boolean =>
          reader.drain(most, (bytes, at, length, tag) => {
            got.push(`${tag} ${bytes.toString("hex", at, at + length)}`);
            // The reader may write here, the frame's header for one.
            bytes.fill(0xff, at - 4, at + length);
          });
        for (const [seed, step] of order.entries()) {
          if ("most" in step) drain(step.most);
          else {
            const bytes = Buffer.concat([Buffer.alloc(3), record(step.length, seed)]);
            if (writer.push(bytes, 3, step.length, step.tag)) given.push(`${step.tag} ${bytes.toString("hex", 3)}`);
          }
        }
        while (drain(capacity));
        expect(got).toEqual(given);
      }),
      { numRuns: 500 },
    );
  });

  test("refuses what it has no room for, and takes it when there is", () => {
    const memory = createRing(capacity);
    const [writer, reader] = [new RingWriter(memory), new RingReader(memory)];
    const large = Buffer.alloc(500, 1);
    expect([writer, writer, writer].map((one) => one.push(large, 0, 500, 0))).toEqual([true, true, false]);
    reader.drain(1, () => undefined);
    expect(writer.push(large, 0, 500, 0)).toBe(true);
    expect(writer.push(Buffer.alloc(capacity), 0, capacity, 0)).toBe(false);
  });

  test("takes a part at a time, and says that there is more", () => {
    const memory = createRing(capacity);
    const [writer, reader] = [new RingWriter(memory), new RingReader(memory)];
    for (let index = 0; index < 4; index++) writer.push(Buffer.alloc(100, index), 0, 100, 0);
    const sizes: number[] = [];
    const take = (_: Buffer, __: number, length: number): void => void sizes.push(length);
    expect(reader.drain(150, take)).toBe(true);
    expect(sizes.length).toBe(2);
    expect(reader.drain(capacity, take)).toBe(false);
    expect(sizes.length).toBe(4);
  });

  test("works on where its positions go over 2^32", () => {
    const memory = createRing(capacity);
    const positions = new Int32Array(memory, 0, 32);
    positions[0] = -64;
    positions[16] = -64;
    const [writer, reader] = [new RingWriter(memory), new RingReader(memory)];
    const got: number[] = [];
    for (let index = 0; index < 50; index++) {
      expect(writer.push(Buffer.alloc(90, index), 0, 90, 0)).toBe(true);
      reader.drain(capacity, (bytes, at) => void got.push(bytes[at] ?? -1));
    }
    expect(got).toEqual(Array.from({ length: 50 }, (_, index) => index));
  });
});
