import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Limit, limitOf } from "../../src/daemon/limit/limit.ts";
import { BucketPath } from "../../src/daemon/limit/path.ts";
import { TokenBucket } from "../../src/daemon/limit/token-bucket.ts";

const mbit = (rate: number): Limit => ({ unit: "bytes", perSecond: rate * 125_000, burst: rate * 12_500 });

/** What passes in `seconds` after the burst when packets of this size always wait at the door. */
function saturated(limit: Limit, size: number, seconds: number): number {
  const bucket = new TokenBucket(limit, 0);
  let now = 0;
  while (bucket.wait(now) === 0) bucket.take(size, 1);
  const before = bucket.taken;
  while (now < seconds * 1000) {
    now += bucket.wait(now);
    bucket.take(size, 1);
  }
  return bucket.taken - before;
}

describe("accuracy", () => {
  it.each([1, 10, 100, 500, 1000])("%d Mbit/s over 10 s", (rate) => {
    expect(saturated(mbit(rate), 1400, 10) / (rate * 1_250_000)).toBeCloseTo(1, 2);
  });

  it("10,000 packets/s over 10 s", () => {
    expect(saturated({ unit: "packets", perSecond: 10_000, burst: 1000 }, 1400, 10)).toBeCloseTo(100_000, -2);
  });

  it("does not depend on how often it is looked at", () => {
    const often = new TokenBucket(mbit(1000), 0);
    const seldom = new TokenBucket(mbit(1000), 0);
    for (const bucket of [often, seldom]) bucket.take(200_000_000, 1);
    for (let look = 1; look <= 1_000_000; look++) often.peek(look * 0.001);
    expect(often.peek(1000)).toBeCloseTo(seldom.peek(1000), 2);
  });
});

describe("debt", () => {
  it("lets a packet larger than the burst pass, and the next one when it is paid", () => {
    const bucket = new TokenBucket({ unit: "bytes", perSecond: 1000, burst: 100 }, 0);
    bucket.take(1100, 1);
    expect(bucket.debt(0)).toBe(1000);
    expect(bucket.wait(0)).toBeCloseTo(1000, 0);
    expect(bucket.wait(500)).toBeCloseTo(500, 0);
    expect(bucket.wait(bucket.wait(500) + 500)).toBe(0);
  });

  it("a wait that is waited out is always over", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10 ** 10 }),
        fc.integer({ min: 1, max: 10 ** 8 }),
        fc.array(fc.integer({ min: 1, max: 65_535 }), { maxLength: 30 }),
        fc.double({ min: 0, max: 1e9, noNaN: true }),
        (perSecond, burst, sizes, start) => {
          const bucket = new TokenBucket({ unit: "bytes", perSecond, burst }, start);
          let now = start;
          for (const size of sizes) {
            bucket.take(size, 1);
            now += bucket.wait(now);
            // What is left is rounding: far below what a timer can tell.
            expect(bucket.wait(now)).toBeLessThan(1e-6);
          }
        },
      ),
    );
  });
});

it("never holds more than the burst, and keeps its tokens when the limit changes", () => {
  const bucket = new TokenBucket({ unit: "bytes", perSecond: 1000, burst: 500 }, 0);
  expect(bucket.peek(60_000)).toBe(500);
  bucket.configure({ unit: "bytes", perSecond: 10, burst: 50 }, 60_000);
  expect(bucket.peek(60_000)).toBe(50);
  bucket.take(60, 1);
  bucket.configure({ unit: "bytes", perSecond: 100, burst: 5000 }, 60_000);
  expect(bucket.peek(60_000)).toBe(-10);
  bucket.configure({ unit: "packets", perSecond: 100, burst: 7 }, 60_000);
  expect(bucket.peek(60_000)).toBe(7);
});

it("makes a burst of 100 ms where none is set", () => {
  expect(limitOf({ kind: "bytes", per_second: 1_250_000 }, undefined)?.burst).toBe(125_000);
  expect(limitOf({ kind: "packets", per_second: 3 }, undefined)?.burst).toBe(1);
  expect(limitOf({ kind: "unlimited" }, undefined)).toBeUndefined();
});

const wide = (): TokenBucket => new TokenBucket({ unit: "bytes", perSecond: 1_000_000, burst: 10_000 }, 0);
const narrow = (): TokenBucket => new TokenBucket({ unit: "packets", perSecond: 10, burst: 1 }, 0);

describe("a path", () => {
  it("asks all before it takes from any", () => {
    const [bytes, packets] = [wide(), narrow()];
    const path = new BucketPath([bytes, packets]);
    expect(path.police(1000, 1, 0)).toBe(true);
    expect(path.police(1000, 3, 0)).toBe(false);
    expect([bytes.taken, packets.taken, bytes.dropped, packets.dropped]).toEqual([1000, 1, 0, 3]);
    expect(path.wait(0)).toBeCloseTo(0.1, 1);
    expect(path.blocker).toBe(packets);
  });

  it("knows what passes in a millisecond", () => {
    const path = new BucketPath([wide(), narrow(), new TokenBucket(mbit(2), 0)]);
    expect([path.perMilli("bytes"), path.perMilli("packets")]).toEqual([250, 1]);
    expect(new BucketPath([wide()]).perMilli("packets")).toBe(Number.POSITIVE_INFINITY);
  });
});
