import { once } from "node:events";
import { Worker } from "node:worker_threads";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SharedLevel } from "../../src/daemon/limit/shared-level.ts";
import { TokenBucket } from "../../src/daemon/limit/token-bucket.ts";
import { type TurnCells, Turns } from "../../src/daemon/limit/turns.ts";

const limit = { unit: "bytes", perSecond: 2_500_000, burst: 250_000 } as const;
const packet = 1500;

/** One bucket as so many threads have it. */
function shared(count: number): TokenBucket[] {
  const values = new Float64Array(new SharedArrayBuffer((3 + count * 2) * 8));
  const cells = (thread: number): TurnCells => ({ values, taken: 3 + thread * 2, waiting: 4 + thread * 2 });
  return Array.from({ length: count }, (_, own) => {
    const level = new SharedLevel({ values, tokens: 0, at: 1, lock: 2 });
    level.begin(limit.burst, 0);
    const turns = new Turns(cells(own));
    const bucket = new TokenBucket(limit, 0);
    for (let other = 0; other < count; other += 1) if (other !== own) turns.follow(cells(other));
    bucket.share(level, turns);
    return bucket;
  });
}

describe("a bucket that several threads take from", () => {
  test("lets its rate pass in all, however their turns fall", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 4 }),
        fc.array(fc.record({ thread: fc.nat(3), after: fc.double({ min: 0, max: 3, noNaN: true }) }), {
          minLength: 2000,
          maxLength: 4000,
        }),
        (count, looks) => {
          const buckets = shared(count);
          let now = 0;
          for (const { thread, after } of looks) {
            now += after;
            const bucket = buckets[thread % count] as TokenBucket;
            for (let turn = 0; turn < 11 && bucket.waitTurn(now) === 0; turn += 1) bucket.take(packet, 1);
          }
          const taken = buckets.reduce((sum, bucket) => sum + bucket.taken, 0);
          const most = limit.burst + (limit.perSecond * now) / 1000 + packet;
          expect(taken).toBeLessThanOrEqual(most);
          // 11 packets at each look are more than the rate, so the limit is what holds them back.
          expect(taken).toBeGreaterThan(most - limit.burst - 50_000);
        },
      ),
      { numRuns: 30 },
    );
  });

  test("is shared in equal parts by threads where packets wait, also when one always comes first", () => {
    const buckets = shared(2);
    const due = [0, 0];
    for (let now = 0; now < 10_000; now += 0.25) {
      for (const [index, bucket] of buckets.entries()) {
        if (now < (due[index] ?? 0)) continue;
        let wait = bucket.waitTurn(now);
        for (let sent = 0; wait === 0 && sent < 16_384; sent += packet) {
          bucket.take(packet, 1);
          wait = bucket.waitTurn(now);
        }
        due[index] = now + Math.max(0.25, wait);
      }
    }
    const [first, second] = buckets.map(({ taken }) => taken) as [number, number];
    console.log(`two threads at 20 Mbit/s for 10 s: ${first} + ${second} bytes`);
    expect(first + second).toBeGreaterThan(10 * limit.perSecond * 0.99);
    expect(first + second).toBeLessThan(10 * limit.perSecond * 1.01 + limit.burst);
    expect(first / second).toBeGreaterThan(0.9);
    expect(first / second).toBeLessThan(1.1);
  });

  test("is one thread's alone while the others have nothing to send", () => {
    const [busy] = shared(2) as [TokenBucket, TokenBucket];
    for (let now = 0; now < 5000; now += 1) while (busy.waitTurn(now) === 0) busy.take(packet, 1);
    expect(busy.taken).toBeGreaterThan(5 * limit.perSecond);
  });

  test("is the thread's own again when the others are gone, with the tokens that it has", () => {
    const [one, other] = shared(2) as [TokenBucket, TokenBucket];
    other.take(100_000, 1);
    other.peek(0);
    expect(one.peek(0)).toBe(150_000);
    one.unshare(0);
    other.take(100_000, 1);
    other.peek(0);
    expect(one.peek(0)).toBe(150_000);
    one.take(50_000, 1);
    expect(one.peek(10)).toBe(125_000);
  });

  test("is not waited for while another thread is at it; what is taken meanwhile is paid", () => {
    const values = new Float64Array(new SharedArrayBuffer(24));
    const level = new SharedLevel({ values, tokens: 0, at: 1, lock: 2 });
    level.begin(1000, 0);
    expect(level.peek(0, limit)).toBe(1000);
    const lock = new Int32Array(values.buffer, 16, 1);
    lock[0] = 1;
    level.take(400);
    expect(level.peek(1, limit)).toBe(600);
    expect(values[0]).toBe(1000);
    lock[0] = 0;
    expect(level.peek(1, limit)).toBe(3100);
    expect(values[0]).toBe(3100);
  });

  test("has the same clock on every thread", async () => {
    const source = "require('node:worker_threads').parentPort.postMessage(performance.now())";
    const before = performance.now();
    const worker = new Worker(source, { eval: true });
    const [there] = (await once(worker, "message")) as [number];
    expect(there).toBeGreaterThan(before);
    expect(there).toBeLessThan(performance.now());
  });
});
