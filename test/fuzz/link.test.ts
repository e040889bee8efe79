import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readFields } from "../../src/daemon/link/fields.ts";
import { frameBounds, frameLength, frameType, needMore } from "../../src/daemon/link/frame.ts";
import {
  decodeClose,
  decodeGoaway,
  decodeHello,
  decodePong,
  decodeWelcome,
  encodeHello,
  encodeWelcome,
} from "../../src/daemon/link/messages.ts";
import { LandingPool, Receiver } from "../../src/daemon/link/receiver.ts";
import { printable } from "../../src/shared/text.ts";
import { anyChunking, chunks, parse, type Frame } from "../link/frames.ts";
import { anyHello, anyWelcome } from "../link/greetings.ts";

/** Bytes that look like frames now and then. */
const anyBytes = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc
        .tuple(fc.constantFrom(...frameBounds.keys(), 0, 7, 19, 255), fc.nat(0xff_ffff), fc.nat(60))
        .map(([type, length, small]) => {
          const size = length % 3 === 0 ? length : small;
          return Uint8Array.of(type, size >>> 16, size >>> 8, size, ...new Uint8Array(Math.min(size, 200)));
        }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => Buffer.concat(parts));

/** A body of this type's bounds. */
function anyBody(type: number): fc.Arbitrary<Buffer> {
  const { min, max } = frameBounds.get(type) ?? { min: 0, max: 0 };
  return fc.uint8Array({ minLength: min, maxLength: Math.min(max, 600) }).map((bytes) => Buffer.from(bytes));
}

/** A valid body with bytes changed, cut out or put in. */
function damaged(valid: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> {
  return fc
    .tuple(valid, fc.array(fc.tuple(fc.nat(4000), fc.nat(255), fc.constantFrom("set", "cut", "add")), { maxLength: 4 }))
    .map(([body, changes]) =>
      changes.reduce((now, [where, value, how]) => {
        const at = where % Math.max(1, now.length);
        const left = now.subarray(0, at);
        if (how === "cut") return Buffer.concat([left, now.subarray(at + 1)]);
        return Buffer.concat([left, Buffer.of(value), now.subarray(how === "set" ? at + 1 : at)]);
      }, body),
    );
}

describe("any bytes from a peer", () => {
  it("make frames, then a fault or a wait, as a plain reading of the format does", () => {
    fc.assert(
      fc.property(anyBytes, anyChunking, (stream, sizes) => {
        const frames: Frame[] = [];
        const pool = new LandingPool((size) => ({ bytes: Buffer.alloc(size, 0xee), address: 0 }), 0);
        const receiver = new Receiver(pool, (type, { bytes }, at, length) =>
          frames.push({ type, body: Buffer.from(bytes.subarray(at, at + length)) }),
        );
        let fault: string | undefined;
        for (const chunk of chunks(stream, sizes)) {
          fault = receiver.accept(chunk);
          if (fault !== undefined) break;
        }
        expect({ frames, fault }).toEqual(parse(stream));
      }),
      { numRuns: 500 },
    );
  });

  it("have a frame length that reads the header alone", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 8 }), fc.nat(8), (bytes, offset) => {
        const from = Math.min(offset, bytes.length);
        const length = frameLength(bytes, from, bytes.length);
        if (bytes.length - from < 4) expect(length).toBe(needMore);
        else expect(length < -1 || length > 4).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it("are fields or none", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (body) => {
        const fields = readFields(body);
        const bytes = [...(fields?.values() ?? [])].reduce((sum, value) => sum + 3 + value.length, 0);
        if (fields !== undefined) expect(bytes).toBe(body.length);
      }),
      { numRuns: 500 },
    );
  });

  it("are a HELLO that keeps to the rules, or none", () => {
    const bodies = fc.oneof(anyBody(frameType.hello), damaged(anyHello.map(encodeHello)));
    fc.assert(
      fc.property(bodies, (body) => {
        const hello = decodeHello(body);
        if (hello === undefined) return;
        expect(hello.linkIndex).toBeLessThanOrEqual(1023);
        expect(hello.mtu).toBeGreaterThanOrEqual(576);
        expect(hello.session?.length ?? 32).toBe(32);
        expect((hello.session === undefined) === (hello.intent === "new")).toBe(true);
        expect((hello.token === undefined) === (hello.intent === "new")).toBe(true);
        expect(decodeHello(encodeHello(hello))).toEqual(hello);
      }),
      { numRuns: 500 },
    );
  });

  it("are a WELCOME that keeps to the rules, or none", () => {
    const bodies = fc.oneof(anyBody(frameType.welcome), damaged(anyWelcome.map(encodeWelcome)));
    fc.assert(
      fc.property(bodies, (body) => {
        const welcome = decodeWelcome(body);
        if (welcome === undefined) return;
        expect(welcome.addresses).not.toHaveLength(0);
        expect(welcome.serverId).toMatch(/^[!-~]{1,64}$/);
        expect(welcome.region).toMatch(/^[!-~]{0,64}$/);
        expect(welcome.keepaliveMs).toBeGreaterThanOrEqual(100);
        expect(welcome.keepaliveMisses).toBeGreaterThanOrEqual(1);
        expect(decodeWelcome(encodeWelcome(welcome))).toEqual(welcome);
      }),
      { numRuns: 500 },
    );
  });

  it("are a CLOSE, a GOAWAY or a PONG whose text can be shown on a terminal", () => {
    fc.assert(
      fc.property(
        anyBody(frameType.close),
        anyBody(frameType.goaway),
        anyBody(frameType.pong),
        (close, goaway, pong) => {
          const texts = [decodeClose(close).text, decodeGoaway(goaway).reason];
          expect(texts).toEqual(texts.map((text) => printable(text, 256)));
          expect(decodePong(pong).echo).toEqual(pong.subarray(0, 8));
        },
      ),
      { numRuns: 500 },
    );
  });
});
