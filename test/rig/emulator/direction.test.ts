import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { DirectionReport } from "./counters.ts";
import { Direction } from "./direction.ts";
import { numberedFrame, tcpFrame } from "./frames.ts";
import { type Change, perfectWire } from "./settings.ts";

interface Arrival {
  number: number;
  at: number;
  frame: Buffer;
}

/** A direction whose time stands still between steps, and what has arrived on its far side. */
class Bench {
  readonly direction: Direction;
  readonly arrivals: Arrival[] = [];
  now = 0;

  constructor(settings: Change, seed = "seed") {
    this.direction = new Direction(seed);
    this.direction.change(settings, 0);
  }

  send(frame: Buffer): void {
    this.direction.accept(frame, this.now);
    this.#deliver();
  }

  /** Moves on from one due time to the next. */
  runTo(until: number): void {
    for (let due = this.direction.due; due !== undefined && due <= until; due = this.direction.due) {
      this.now = Math.max(this.now, due);
      this.#deliver();
    }
    this.now = until;
  }

  /** Sends `count` frames, one each `gap` ms, and waits for the last. */
  sendMany(count: number, gap = 1, size = 100): this {
    for (let number = 0; number < count; number += 1) {
      this.send(numberedFrame(number, size));
      this.runTo(this.now + gap);
    }
    this.runTo(this.now + 1e6);
    return this;
  }

  get numbers(): number[] {
    return this.arrivals.map(({ number }) => number);
  }

  #deliver(): void {
    this.direction.advance(this.now, (frame) => {
      this.arrivals.push({ number: frame.readUInt32BE(0), at: this.now, frame });
      return true;
    });
  }
}

function dropped({ dropped }: DirectionReport): number {
  return Object.values(dropped).reduce((sum, count) => sum + count, 0);
}

function isInOrder(numbers: readonly number[]): boolean {
  return numbers.every((number, at) => number >= (numbers[at - 1] ?? 0));
}

const faulty: Change = {
  delay_ms: 10,
  jitter_ms: 5,
  keep_order: false,
  loss: 0.05,
  burst: { to_bad: 0.02, to_good: 0.2, loss: 0.8 },
  reorder: 0.05,
  duplicate: 0.05,
  corrupt: 0.05,
};

test("a perfect wire hands every frame over at once and unchanged", () => {
  const bench = new Bench({});
  const frame = numberedFrame(7);
  bench.send(frame);
  expect(bench.arrivals).toEqual([{ number: 7, at: 0, frame }]);
});

test("the same seed gives every frame the same fate, another seed another", () => {
  const first = new Bench(faulty, "one").sendMany(2000);
  const second = new Bench(faulty, "one").sendMany(2000);
  const other = new Bench(faulty, "two").sendMany(2000);
  expect(second.arrivals).toEqual(first.arrivals);
  expect(other.numbers).not.toEqual(first.numbers);
});

test("a change of one setting leaves the fates by the others alone", () => {
  const lossy = new Bench({ loss: 0.1 }).sendMany(2000);
  const more = new Bench({ loss: 0.1, jitter_ms: 3, delay_ms: 5, reorder: 0.1 }).sendMany(2000);
  expect(more.numbers.toSorted((a, b) => a - b)).toEqual(lossy.numbers);
  const heavier = new Set(new Bench({ loss: 0.2 }).sendMany(2000).numbers);
  expect([...heavier].every((number) => lossy.numbers.includes(number))).toBe(true);
});

test("frames in are frames out, dropped or under way, at every moment", () => {
  const probability = fc.double({ min: 0, max: 0.5, noNaN: true });
  const settings = fc.record({
    delay_ms: fc.integer({ min: 0, max: 50 }),
    jitter_ms: fc.integer({ min: 0, max: 20 }),
    keep_order: fc.boolean(),
    loss: probability,
    reorder: probability,
    duplicate: probability,
    corrupt: probability,
    rate_bits: fc.constantFrom(null, 50_000, 1e6),
    queue_bytes: fc.integer({ min: 100, max: 3000 }),
  });
  const step = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ kind: fc.constant("send" as const), size: fc.integer({ min: 14, max: 1514 }) }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant("wait" as const), millis: fc.integer({ min: 0, max: 30 }) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("change" as const), settings }) },
  );
  fc.assert(
    fc.property(fc.string(), fc.array(step, { maxLength: 100 }), (seed, steps) => {
      const bench = new Bench({}, seed);
      for (const step of steps) {
        if (step.kind === "send") bench.send(numberedFrame(0, step.size));
        else if (step.kind === "wait") bench.runTo(bench.now + step.millis);
        else bench.direction.change(step.settings, bench.now);
        const report = bench.direction.report();
        const { frames_in, duplicated, frames_out, queued, flying } = report;
        expect(frames_in + duplicated).toBe(frames_out + dropped(report) + queued + flying);
        expect(frames_out).toBe(bench.arrivals.length);
      }
      bench.runTo(bench.now + 1e9);
      expect(bench.direction.report()).toMatchObject({ queued: 0, flying: 0 });
    }),
  );
});

test("delay is exact, and uniform jitter spreads around it within its bounds", () => {
  expect(new Bench({ delay_ms: 12.5 }).sendMany(3, 100).arrivals.map(({ at }) => at)).toEqual([12.5, 112.5, 212.5]);
  const { arrivals } = new Bench({ delay_ms: 20, jitter_ms: 5 }).sendMany(10_000, 100);
  const delays = arrivals.map(({ at, number }) => at - number * 100);
  expect(Math.min(...delays)).toBeGreaterThanOrEqual(15);
  expect(Math.max(...delays)).toBeLessThanOrEqual(25);
  expect(mean(delays)).toBeCloseTo(20, 0);
  expect(deviation(delays)).toBeCloseTo(10 / Math.sqrt(12), 1);
});

test("normal jitter has the configured deviation and is never below zero in sum", () => {
  const { arrivals } = new Bench({ delay_ms: 50, jitter_ms: 5, jitter: "normal" }).sendMany(10_000, 200);
  const delays = arrivals.map(({ at, number }) => at - number * 200);
  expect(Math.abs(mean(delays) - 50)).toBeLessThan(0.2);
  expect(Math.abs(deviation(delays) - 5)).toBeLessThan(0.2);
  const early = new Bench({ delay_ms: 1, jitter_ms: 5, jitter: "normal" }).sendMany(1000, 200).arrivals;
  expect(early.every(({ at, number }) => at >= number * 200)).toBe(true);
});

test("jitter reorders only where that is allowed", () => {
  const jitter = { delay_ms: 10, jitter_ms: 9 };
  expect(isInOrder(new Bench(jitter).sendMany(500).numbers)).toBe(true);
  expect(isInOrder(new Bench({ ...jitter, keep_order: false }).sendMany(500).numbers)).toBe(false);
});

test("held frames are overtaken, all others keep their order", () => {
  const bench = new Bench({ delay_ms: 5, reorder: 0.1, reorder_ms: 3.5 }).sendMany(1000);
  const late = new Set(bench.arrivals.filter(({ at, number }) => at === number + 8.5).map(({ number }) => number));
  expect(late.size).toBe(bench.direction.report().held);
  expect(late.size).toBeGreaterThan(70);
  expect(isInOrder(bench.numbers)).toBe(false);
  expect(isInOrder(bench.numbers.filter((number) => !late.has(number)))).toBe(true);
});

test("loss, duplicates and damage come as often as configured", () => {
  const bench = new Bench({ loss: 0.03, duplicate: 0.05, corrupt: 0.1 }).sendMany(20_000);
  const { dropped, duplicated, corrupted } = bench.direction.report();
  expect(Math.abs(dropped.loss / 20_000 - 0.03)).toBeLessThan(0.005);
  expect(Math.abs(duplicated / (0.97 * 20_000) - 0.05)).toBeLessThan(0.005);
  expect(Math.abs(corrupted / (0.97 * 20_000) - 0.1)).toBeLessThan(0.01);
});

test("burst loss has the configured share and length of bursts", () => {
  const count = 100_000;
  const arrived = new Set(new Bench({ burst: { to_bad: 0.01, to_good: 0.2, loss: 1 } }).sendMany(count).numbers);
  const lost = Array.from({ length: count }, (_, number) => !arrived.has(number));
  const bursts = lost.filter((isLost, number) => isLost && lost[number - 1] !== true).length;
  const losses = lost.filter(Boolean).length;
  expect(losses / count).toBeCloseTo(0.01 / 0.21, 2);
  expect(losses / bursts).toBeCloseTo(1 / 0.2, 0);
});

test("damage is one bit behind the Ethernet header, and leaves the sender's frame alone", () => {
  const bench = new Bench({ corrupt: 1 });
  for (let number = 0; number < 200; number += 1) bench.send(numberedFrame(number));
  for (const { frame, number } of bench.arrivals) {
    const changed = [...frame].map((byte, at) => byte ^ (numberedFrame(number)[at] ?? 0));
    expect(changed.slice(0, 14).every((bits) => bits === 0)).toBe(true);
    expect(changed.filter((bits) => bits !== 0).map((bits) => Math.log2(bits) % 1)).toEqual([0]);
  }
});

test("the rate is exact, however seldom and unevenly the emulator wakes", () => {
  const direction = new Direction("seed");
  direction.change({ rate_bits: 10e6, queue_bytes: 1e9 }, 0);
  for (let number = 0; number < 5000; number += 1) direction.accept(numberedFrame(number, 1250), 0);
  let bytes = 0;
  for (let now = 0; now < 3000; now += 1 + (now % 7)) {
    direction.advance(now, (frame) => {
      bytes += frame.length;
      return true;
    });
    expect(bytes).toBe(1250 * now);
  }
});

test("the queue drops at its tail, and its bytes are never more than its bound", () => {
  const bench = new Bench({ rate_bits: 8000, queue_bytes: 1000 });
  for (let number = 0; number < 15; number += 1) bench.send(numberedFrame(number, 100));
  expect(bench.direction.report()).toMatchObject({ queued: 10, most_queued_bytes: 1000, dropped: { queue: 5 } });
  bench.runTo(100);
  bench.send(numberedFrame(15, 100));
  bench.runTo(2000);
  expect(bench.numbers).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15]);
  expect(bench.arrivals.at(-1)?.at).toBe(1100);
});

test("a new rate holds for frames that wait already", () => {
  const bench = new Bench({ rate_bits: 8000 });
  for (let number = 0; number < 10; number += 1) bench.send(numberedFrame(number, 100));
  bench.runTo(250);
  bench.direction.change({ rate_bits: 80_000 }, bench.now);
  bench.runTo(1000);
  const leaving = [100, 200, 260, 270, 280, 290, 300, 310, 320, 330];
  expect(bench.arrivals.map(({ at }) => Math.round(at))).toEqual(leaving);
  bench.direction.change({ rate_bits: null }, bench.now);
  bench.send(numberedFrame(10, 100));
  expect(bench.arrivals.at(-1)?.at).toBe(1000);
});

test("a change keeps what it does not name", () => {
  const bench = new Bench({ delay_ms: 5 });
  bench.direction.change({ loss: 0, jitter_ms: undefined }, 0);
  bench.send(numberedFrame(0));
  bench.runTo(10);
  expect(bench.arrivals[0]?.at).toBe(5);
  bench.direction.change(perfectWire, bench.now);
  bench.send(numberedFrame(1));
  expect(bench.arrivals[1]?.at).toBe(10);
});

test("what the far side refuses is counted, and how late frames were", () => {
  const direction = new Direction("seed");
  direction.change({ delay_ms: 1 }, 0);
  direction.accept(numberedFrame(0), 0);
  direction.accept(numberedFrame(1), 1);
  direction.advance(2.5, () => false);
  expect(direction.report()).toMatchObject({
    frames_out: 0,
    dropped: { refused: 2 },
    late_mean_ms: 1,
    late_most_ms: 1.5,
  });
});

test("rules act on the frames that they count, from first to last", () => {
  const bench = new Bench({ delay_ms: 1 });
  const match = { protocol: "tcp" } as const;
  bench.direction.rules.set({ name: "lose", match, nth: 2, last: 3, action: { kind: "drop" } });
  bench.direction.rules.set({ name: "late", match, nth: 4, action: { kind: "hold", ms: 2 } });
  bench.direction.rules.set({ name: "twice", match, nth: 5, action: { kind: "duplicate" } });
  bench.direction.rules.set({ name: "bad", match, nth: 6, action: { kind: "corrupt" } });
  const sent = Array.from({ length: 6 }, (_, at) => tcpFrame({ flags: 2, ports: [1000 + at, 443] }));
  for (const frame of sent) {
    bench.send(numberedFrame(0));
    bench.send(frame);
  }
  bench.runTo(10);
  const tcp = bench.arrivals.map(({ frame }) => frame).filter((frame) => frame.readUInt16BE(12) === 0x0800);
  expect(tcp.slice(0, 3)).toEqual([sent[0], sent[4], sent[4]]);
  expect(tcp[3]).not.toEqual(sent[5]);
  expect(tcp[4]).toEqual(sent[3]);
  expect(bench.direction.report()).toMatchObject({
    dropped: { rule: 2 },
    rules: { lose: { matched: 6, hits: 2 }, late: { matched: 6, hits: 1 }, twice: { hits: 1 }, bad: { hits: 1 } },
  });
  bench.direction.rules.set({ name: "lose", match, nth: 1, action: { kind: "drop" } });
  expect(bench.direction.report().rules["lose"]).toEqual({ matched: 0, hits: 0 });
  expect([bench.direction.rules.remove("lose"), bench.direction.rules.remove("lose")]).toEqual([true, false]);
});

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function deviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
}
