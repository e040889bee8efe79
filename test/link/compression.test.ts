import { randomBytes } from "node:crypto";
import { constants, zstdCompressSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mostUnpacked, Packer, unpack } from "../../src/daemon/link/compression.ts";
import { controlFrame, frameHeaderBytes, frameType } from "../../src/daemon/link/frame.ts";
import { LandingPool } from "../../src/daemon/link/receiver.ts";
import { framesOf } from "../flow/parts.ts";

const pool = new LandingPool((size) => ({ bytes: Buffer.alloc(size, 0xee), address: 0 }), 0);

function text(size: number): Buffer {
  return Buffer.alloc(size, "GET /index.html HTTP/1.1 ");
}

/** What a receiver makes of a stream with COMPRESSED frames in it. */
function received(stream: Buffer): { type: number; body: Buffer }[] {
  return framesOf(stream).flatMap((frame) =>
    frame.type === frameType.compressed ? inside(frame.body).frames : [frame],
  );
}

function inside(body: Uint8Array): { frames: { type: number; body: Buffer }[]; fault: string | undefined } {
  const frames: { type: number; body: Buffer }[] = [];
  const fault = unpack(
    body,
    pool,
    (type, memory, at, length) => {
      frames.push({ type, body: Buffer.from(memory.bytes.subarray(at, at + length)) });
      // What the way in does with the memory in front of a packet.
      memory.bytes.fill(0, at - 10, at);
    },
    () => true,
  );
  return { frames, fault };
}

const frames = fc.array(
  fc
    .tuple(
      fc.constantFrom(frameType.packet, frameType.offload),
      fc.oneof(fc.integer({ min: 30, max: 3000 }), fc.integer({ min: 30, max: 65_545 })),
      fc.boolean(),
    )
    .map(([type, wanted, random]) => {
      const size = type === frameType.packet ? Math.min(wanted, 65_535) : wanted;
      return controlFrame(type, random ? randomBytes(size) : text(size));
    }),
  { minLength: 1, maxLength: 30 },
);

describe("packed frames", () => {
  it("come out as they went in, whatever is packed of them", () => {
    const packer = new Packer();
    fc.assert(
      fc.property(frames, (list) => {
        const stream = Buffer.concat(list);
        const before = Buffer.from(stream);
        const packed = packer.pack(stream);
        expect(stream.equals(before)).toBe(true);
        if (packed === undefined) return;
        expect(packed.length).toBeLessThan(stream.length);
        expect(received(packed)).toEqual(framesOf(stream));
      }),
      { numRuns: 300 },
    );
  });

  it("are smaller, in COMPRESSED frames of 64 KiB at most when unpacked", () => {
    const bodies = Array.from({ length: 200 }, () => Buffer.concat([randomBytes(12), text(1388)]));
    const stream = Buffer.concat(bodies.map((body) => controlFrame(frameType.packet, body)));
    const packed = new Packer().pack(stream) ?? expect.fail("not packed");
    expect(packed.length).toBeLessThan(stream.length / 20);
    const parts = framesOf(packed);
    expect(parts.map(({ type }) => type)).toEqual(parts.map(() => frameType.compressed));
    for (const { body } of parts) {
      const whole = inside(body).frames.reduce((sum, frame) => sum + frame.body.length + frameHeaderBytes, 0);
      expect(whole).toBeLessThanOrEqual(mostUnpacked);
    }
  });

  it("hold nothing of the batch before: the same frames are as long the second time", () => {
    const packer = new Packer();
    const frame = controlFrame(frameType.packet, Buffer.concat([randomBytes(300), text(1000)]));
    expect(packer.pack(frame)?.length).toBe(packer.pack(frame)?.length);
  });

  it("go out as they are where so few bytes would be so many packets", () => {
    const same = Buffer.concat(Array.from({ length: 40 }, () => controlFrame(frameType.packet, text(100))));
    expect(new Packer().pack(same)).toBeUndefined();
    expect(new Packer().pack(same.subarray(0, 16 * 104))).toBeDefined();
  });

  it("are few where it does not pay: small ones, and ever fewer tries of what does not shrink", () => {
    const packer = new Packer();
    expect(packer.pack(controlFrame(frameType.packet, text(200)))).toBeUndefined();
    const noise = controlFrame(frameType.packet, randomBytes(1400));
    for (let at = 0; at < 1000; at += 1) expect(packer.pack(noise)).toBeUndefined();
    // It looks again now and then, so that what shrinks is packed within a bounded number of batches.
    const shrinks = controlFrame(frameType.packet, text(1400));
    const tries = Array.from({ length: 65 }, () => packer.pack(shrinks) !== undefined);
    expect(tries).toContain(true);
    expect(packer.pack(shrinks)).toBeDefined();
  });
});

function zip(bytes: Uint8Array, window = 16): Buffer {
  return zstdCompressSync(bytes, { params: { [constants.ZSTD_c_windowLog]: window } });
}

describe("a COMPRESSED frame", () => {
  const packet = controlFrame(frameType.packet, text(100));

  it.each([
    ["that is a bomb", zip(Buffer.alloc(100_000_000)), "a COMPRESSED frame that is damaged or too large"],
    [
      "one byte above the bound",
      zip(Buffer.alloc(mostUnpacked + 1)),
      "a COMPRESSED frame that is damaged or too large",
    ],
    [
      "that asks for 128 MiB of window",
      zip(Buffer.alloc(200_000_000), 27),
      "a COMPRESSED frame that is damaged or too large",
    ],
    ["that is cut", zip(packet).subarray(0, 12), "a COMPRESSED frame that is damaged or too large"],
    ["that is no zstd", Buffer.alloc(40, 7), "a COMPRESSED frame that is damaged or too large"],
    ["of nothing", zip(Buffer.alloc(0)), "an empty COMPRESSED frame"],
    ["with half a header", zip(packet.subarray(0, 3)), "a cut frame in a COMPRESSED frame"],
    ["with a cut packet", zip(Buffer.concat([packet, packet.subarray(0, 50)])), "a cut frame in a COMPRESSED frame"],
    ["with a packet that is too short", zip(Buffer.of(16, 0, 0, 3, 1, 2, 3)), "a cut frame in a COMPRESSED frame"],
    ["with a PING", zip(controlFrame(frameType.ping, Buffer.alloc(8))), "no packet in a COMPRESSED frame"],
    [
      "with a CLOSE behind a packet",
      zip(Buffer.concat([packet, controlFrame(frameType.close, Buffer.alloc(2))])),
      "no packet in a COMPRESSED frame",
    ],
    ["inside another", zip(controlFrame(frameType.compressed, zip(packet))), "no packet in a COMPRESSED frame"],
    [
      "with more work than its size allows",
      zip(Buffer.concat(Array.from({ length: 600 }, () => packet))),
      "too many packets in a COMPRESSED frame of its size",
    ],
    ["with an unknown type", zip(Buffer.of(99, 0, 0, 1, 1)), "no packet in a COMPRESSED frame"],
  ])("%s is refused", (_what, body, fault) => {
    expect(inside(body).fault).toBe(fault);
  });

  it("of any bytes gives packets or a fault, and never throws", () => {
    const changes = fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { maxLength: 4 });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), changes, fc.boolean(), (noise, changed, valid) => {
        const body = valid ? zip(Buffer.concat([packet, controlFrame(frameType.packet, noise)])) : Buffer.from(noise);
        for (const [at, value] of changed) if (body.length > 0) body[at % body.length] = value;
        const { frames: found, fault } = inside(body);
        expect(fault !== undefined || found.length > 0).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it("is not read on once the link has closed", () => {
    let count = 0;
    const fault = unpack(
      zip(Buffer.concat([packet, packet, packet])),
      pool,
      () => (count += 1),
      () => count < 2,
    );
    expect([count, fault]).toEqual([2, undefined]);
  });
});
