import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codelInterval } from "../../src/daemon/limit/codel.ts";
import { FairQueue, type Queued, type QueueDrop } from "../../src/daemon/limit/fair-queue.ts";

interface Item extends Queued {
  readonly number: number;
}

const always = (): boolean => true;

function item(flow: number, number: number, since = 0, bytes = 1500): Item {
  return { flow, number, since, bytes, packets: 1 };
}

/** Sum squared over n times the sum of squares: 1 when all get the same. */
function jain(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0);
  return sum ** 2 / (shares.length * shares.reduce((total, share) => total + share ** 2, 0));
}

/** 32 flows of these packet sizes that always have something waiting. */
function shares(sizes: (flow: number) => number): number[] {
  const queue = new FairQueue<Item>(Number.POSITIVE_INFINITY, () => expect.fail("dropped"));
  const got = Array.from({ length: 32 }, () => 0);
  let number = 0;
  const add = (flow: number): void => queue.enqueue(item(flow, number++, 0, sizes(flow)));
  for (let flow = 0; flow < 32; flow++) for (let some = 0; some < 4; some++) add(flow);
  for (let sent = 0; sent < 20_000; sent++) {
    const one = queue.dequeue(0, always) as Item;
    got[one.flow]! += one.bytes;
    add(one.flow);
  }
  return got;
}

/** A flow that adds `rate` packets each ms to a queue that sends one each ms; delay of the last packet sent. */
function standing(load: number): { dropped: number; delay: number } {
  let dropped = 0;
  const queue = new FairQueue<Item>(Number.POSITIVE_INFINITY, (_, reason) => {
    expect(reason).toBe("queue_delay");
    dropped += 1;
  });
  let [number, delay] = [0, 0];
  for (let now = 0; now < 20_000; now++) {
    while (number < now * load) queue.enqueue(item(1, number++, now));
    const one = queue.dequeue(now, always);
    if (one !== undefined) delay = now - one.since;
  }
  return { dropped, delay };
}

const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ flow: fc.nat(40), bytes: fc.integer({ min: 1, max: 65_535 }) }) },
    { weight: 2, arbitrary: fc.constant("dequeue" as const) },
    { weight: 1, arbitrary: fc.record({ wait: fc.nat(300) }) },
    { weight: 1, arbitrary: fc.record({ closed: fc.nat(40) }) },
  ),
  { maxLength: 400 },
);

it("loses nothing: what came in went out, was dropped or still waits; each flow in its order", () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 1000, max: 2_000_000 }), (taken, limit) => {
      let [now, count, entered, left, lost] = [0, 0, 0, 0, 0];
      const last = new Map<number, number>();
      const gone = (one: Item): void => {
        expect(last.get(one.flow) ?? -1).toBeLessThan(one.number);
        last.set(one.flow, one.number);
      };
      const queue = new FairQueue<Item>(limit, (one) => {
        lost += one.bytes;
        gone(one);
      });
      let closed = -1;
      for (const step of taken) {
        if (step === "dequeue") {
          const one = queue.dequeue(now, ({ flow }) => flow !== closed);
          left += one?.bytes ?? 0;
          if (one !== undefined) gone(one);
          if (one !== undefined) expect(one.flow).not.toBe(closed);
        } else if ("wait" in step) now += step.wait;
        else if ("closed" in step) closed = step.closed;
        else {
          entered += step.bytes;
          queue.enqueue({ ...step, number: count++, since: now, packets: 1 });
        }
        expect(queue.bytes).toBe(entered - left - lost);
        expect(queue.bytes).toBeLessThanOrEqual(limit);
      }
      for (let one = queue.dequeue(now, always); one !== undefined; one = queue.dequeue(now, always)) {
        left += one.bytes;
        gone(one);
      }
      expect([queue.bytes, queue.size, entered - left - lost]).toEqual([0, 0, 0]);
    }),
    { numRuns: 300 },
  );
});

describe("fairness", () => {
  it("drops what comes while others have used more than there is", () => {
    const dropped: QueueDrop[] = [];
    const queue = new FairQueue<Item>(-4, (_, reason) => void dropped.push(reason));
    queue.enqueue(item(1, 1));
    expect([queue.size, queue.bytes, dropped]).toEqual([0, 0, ["queue_full"]]);
  });

  it("gives 32 flows the same, whatever their packets' sizes", () => {
    expect(jain(shares(() => 1500))).toBeGreaterThan(0.999);
    expect(jain(shares((flow) => 64 + flow * 2000))).toBeGreaterThan(0.99);
  });

  it("lets a flow that sends little go first, but not for ever", () => {
    const queue = new FairQueue<Item>(10_000_000, () => expect.fail("dropped"));
    for (let number = 0; number < 100; number++) queue.enqueue(item(1, number));
    expect(queue.dequeue(0, always)?.flow).toBe(1);
    queue.dequeue(0, always);
    queue.enqueue(item(2, 0, 0, 84));
    expect(queue.dequeue(0, always)?.flow).toBe(2);
    const order: (number | undefined)[] = [];
    for (let number = 1; number <= 6; number++) {
      queue.enqueue(item(2, number, 0, 1500));
      order.push(queue.dequeue(0, always)?.flow);
    }
    expect(order).toContain(1);
  });

  it("makes the fattest flow pay when the queue is full", () => {
    const dropped: [number, QueueDrop][] = [];
    const queue = new FairQueue<Item>(150_000, ({ flow }, reason) => void dropped.push([flow, reason]));
    for (let number = 0; number < 1000; number++) {
      queue.enqueue(item(7, number));
      if (number % 100 === 0) queue.enqueue(item(8, number, 0, 100));
    }
    expect(dropped.length).toBeGreaterThan(800);
    expect(new Set(dropped.map(([flow, reason]) => `${flow} ${reason}`))).toEqual(new Set(["7 queue_full"]));
  });

  it("serves a flow that may go however much another holds that may not", () => {
    const queue = new FairQueue<Item>(10_000_000, () => expect.fail("dropped"));
    for (let number = 0; number < 10; number++) {
      queue.enqueue(item(1, number));
      queue.enqueue(item(2, number, 0, 65_000));
    }
    const got: (number | undefined)[] = [];
    for (let turn = 0; turn < 11; turn++) got.push(queue.dequeue(0, ({ flow }) => flow === 2)?.flow);
    expect(got).toEqual([...Array.from({ length: 10 }, () => 2), undefined]);
    expect(queue.size).toBe(10);
  });
});

describe("delay", () => {
  it("drops nothing while the queue empties now and then", () => {
    expect(standing(0.99)).toMatchObject({ dropped: 0 });
  });

  it("drops more and more of a standing queue until it goes away", () => {
    const { dropped, delay } = standing(1.05);
    expect(dropped).toBeGreaterThan(500);
    expect(delay).toBeLessThan(codelInterval);
  });

  it("never drops the last packet of a flow", () => {
    const queue = new FairQueue<Item>(10_000, () => expect.fail("dropped"));
    for (let now = 0; now < 10_000; now += 500) {
      queue.enqueue(item(1, now, now));
      expect(queue.dequeue(now + 450, always)?.number).toBe(now);
    }
  });
});
