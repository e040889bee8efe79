import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { controlFrame, frameType, maxFrameBytes } from "../../src/daemon/link/frame.ts";
import { LandingPool, Receiver } from "../../src/daemon/link/receiver.ts";
import { anyChunking, anyFrame, chunks, type Frame, parse, type Parsed } from "./frames.ts";

interface CountedPool {
  readonly pool: LandingPool;
  readonly allocated: () => number;
}

function countedPool(): CountedPool {
  let allocated = 0;
  const allocate = (size: number): { bytes: Buffer; address: number } => {
    allocated += 1;
    return { bytes: Buffer.alloc(size, 0xee), address: 0 };
  };
  return { pool: new LandingPool(allocate, 0), allocated: () => allocated };
}

/** Puts a stream through a receiver; its sink spoils what it may write: the body and 10 bytes before it. */
function receive(stream: Buffer, sizes: readonly number[], how: "accept" | "fill"): Parsed {
  const frames: Frame[] = [];
  const receiver = new Receiver(countedPool().pool, (type, { bytes }, at, length) => {
    expect(at).toBeGreaterThanOrEqual(10);
    expect(at + length).toBeLessThanOrEqual(bytes.length);
    frames.push({ type, body: Buffer.from(bytes.subarray(at, at + length)) });
    bytes.fill(0x55, at - 10, at + length);
  });
  for (const chunk of chunks(stream, sizes)) {
    const fault = how === "accept" ? receiver.accept(chunk) : fill(receiver, chunk);
    if (fault !== undefined) return { frames, fault };
  }
  return { frames, fault: undefined };
}

/** As Node's TLS does it: bytes are put into the space that the receiver names. */
function fill(receiver: Receiver, chunk: Buffer): Parsed["fault"] {
  for (let taken = 0; taken < chunk.length; ) {
    const space = receiver.space();
    const part = Math.min(space.length, chunk.length - taken, 16_384);
    chunk.copy(space, 0, taken, taken + part);
    taken += part;
    const fault = receiver.filled(part);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function handOver(receiver: Receiver): void {
  while (receiver.held) expect(receiver.proceed()).toBeUndefined();
}

const packet = controlFrame(frameType.packet, Buffer.alloc(100, 1));

const ping = (text: string): Buffer => controlFrame(frameType.ping, Buffer.from(text));

describe("a receiver", () => {
  it.each(["accept", "fill"] as const)("gives the same frames for any chunking (%s)", (how) => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 12 }), fc.nat(1000), anyChunking, (frames, cut, sizes) => {
        const whole = Buffer.concat(frames);
        const stream = whole.subarray(0, Math.max(0, whole.length - cut));
        const expected = parse(stream);
        expect(expected.fault).toBeUndefined();
        expect(receive(stream, sizes, how)).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });

  it("gives the same frames when it is held after some of them, whatever arrives meanwhile", () => {
    const holds = fc.array(fc.boolean(), { minLength: 1, maxLength: 7 });
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 12 }), holds, anyChunking, (sent, held, sizes) => {
        const stream = Buffer.concat(sent);
        const frames: Frame[] = [];
        const receiver = new Receiver(countedPool().pool, (type, { bytes }, at, length) => {
          frames.push({ type, body: Buffer.from(bytes.subarray(at, at + length)) });
          if (held[frames.length % held.length] === true) receiver.hold();
        });
        for (const [index, chunk] of [...chunks(stream, sizes)].entries()) {
          const before = frames.length;
          const wasHeld = receiver.held;
          expect(receiver.accept(chunk)).toBeUndefined();
          if (wasHeld) expect(frames).toHaveLength(before);
          // No more than one read's worth comes while it is held.
          if (index % 2 === 0 || chunk.length > 1000) handOver(receiver);
        }
        handOver(receiver);
        expect(frames).toEqual(parse(stream).frames);
        expect(receiver.partial).toBe(false);
      }),
      { numRuns: 150 },
    );
  });

  it("gives the frames before a fault, then the fault, and takes no more", () => {
    fc.assert(
      fc.property(
        fc.array(anyFrame, { maxLength: 5 }),
        fc.constantFrom([0, 0, 0, 0], [99, 0, 0, 1], [3, 0, 0, 9], [16, 255, 255, 255], [17, 0, 0, 29], [1, 0, 16, 1]),
        fc.array(anyFrame, { maxLength: 3 }),
        anyChunking,
        (before, fault, after, sizes) => {
          const stream = Buffer.concat([...before, Buffer.from(fault), ...after]);
          const expected = parse(stream);
          expect(expected.fault).toBeDefined();
          expect(expected.frames).toHaveLength(before.length);
          expect(receive(stream, sizes, "accept")).toEqual(expected);
        },
      ),
      { numRuns: 100 },
    );
  });

  it("has memory of its own only while a frame has arrived in part", () => {
    const { pool, allocated } = countedPool();
    const one = new Receiver(pool, () => undefined);
    const two = new Receiver(pool, () => undefined);
    const shared = allocated();
    one.accept(Buffer.concat([packet, packet]));
    expect([one.partial, allocated() - shared]).toEqual([false, 0]);
    one.accept(packet.subarray(0, 50));
    expect([one.partial, allocated() - shared]).toEqual([true, 1]);
    one.accept(packet.subarray(50));
    expect(one.partial).toBe(false);
    two.accept(packet.subarray(0, 3));
    expect([two.partial, allocated() - shared]).toEqual([true, 1]);
  });

  it("shares landing memory with others between frames only", () => {
    const { pool } = countedPool();
    const seen: string[] = [];
    const note =
      (name: string) =>
      (_type: number, { bytes }: { bytes: Buffer }, at: number, length: number): void =>
        void seen.push(`${name}${bytes.toString("latin1", at, at + length)}`);
    const one = new Receiver(pool, note("a"));
    const two = new Receiver(pool, note("b"));
    one.accept(Buffer.concat([ping("11111111"), ping("22222222").subarray(0, 7)]));
    two.accept(Buffer.concat([ping("33333333"), ping("44444444").subarray(0, 7)]));
    one.accept(ping("22222222").subarray(7));
    two.accept(ping("44444444").subarray(7));
    expect(seen).toEqual(["a11111111", "b33333333", "a22222222", "b44444444"]);
  });

  it("keeps no more than a few free buffers", () => {
    const { pool, allocated } = countedPool();
    const receivers = Array.from({ length: 40 }, () => new Receiver(pool, () => undefined));
    const round = (): void => {
      for (const receiver of receivers) receiver.accept(packet.subarray(0, 50));
      for (const receiver of receivers) receiver.accept(packet.subarray(50));
    };
    round();
    const first = allocated();
    round();
    expect(allocated() - first).toBe(40 - 16);
  });

  it("delivers nothing more once it was closed, also from inside the sink", () => {
    const { pool } = countedPool();
    let delivered = 0;
    const receiver: Receiver = new Receiver(pool, () => {
      delivered += 1;
      if (delivered === 2) receiver.close();
    });
    expect(receiver.accept(Buffer.concat([packet, packet, packet, packet.subarray(0, 9)]))).toBeUndefined();
    expect(receiver.accept(packet)).toBeUndefined();
    receiver.close();
    expect(delivered).toBe(2);
  });

  it("never reuses memory of a closed receiver into which bytes may still be put", () => {
    const { pool } = countedPool();
    const closed = new Receiver(pool, () => undefined);
    closed.accept(packet.subarray(0, 50));
    const late = closed.space();
    closed.close();
    const bodies: Buffer[] = [];
    const other = new Receiver(pool, (_type, { bytes }, at, length) => {
      bodies.push(Buffer.from(bytes.subarray(at, at + length)));
    });
    other.accept(packet.subarray(0, 50));
    late.fill(0xff);
    other.accept(packet.subarray(50));
    expect(bodies).toEqual([packet.subarray(4)]);
  });

  it("always has room for the rest of the largest frame", () => {
    const { pool } = countedPool();
    const receiver = new Receiver(pool, () => undefined);
    const largest = controlFrame(frameType.offload, Buffer.alloc(maxFrameBytes - 4));
    for (let round = 0; round < 30; round++) {
      for (const chunk of chunks(largest, [16_384 - round * 11])) {
        expect(fill(receiver, chunk)).toBeUndefined();
        if (receiver.partial) expect(receiver.space().length).toBeGreaterThanOrEqual(maxFrameBytes);
      }
    }
  });
});
