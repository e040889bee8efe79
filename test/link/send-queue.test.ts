import * as fc from "fast-check";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { type Lender, SendQueue } from "../../src/daemon/link/send-queue.ts";
import { SlowWritable } from "./slow-writable.ts";

/** Bytes of which each chunk differs, lent by somebody who spoils them when they come back. */
class Lent implements Lender {
  readonly bytes: Buffer;
  readonly original: Buffer;
  returns = 0;
  readonly #then: () => void;

  constructor(size: number, seed: number, then: () => void = () => undefined) {
    this.original = Buffer.alloc(size, seed & 0xff);
    this.bytes = Buffer.from(this.original);
    this.#then = then;
  }

  giveBack(): void {
    this.returns += 1;
    this.bytes.fill(0xee);
    this.#then();
  }
}

/** Lets the socket write until nothing is left. */
async function drain(socket: SlowWritable): Promise<void> {
  do await turn();
  while (socket.finish());
}

describe("a send queue", () => {
  it("hands over one write at a time, small chunks together, large ones alone", () => {
    const socket = new SlowWritable();
    const queue = new SendQueue(socket, () => undefined);
    const sizes = [10, 70_000, 20, 30];
    for (const size of sizes) queue.push(Buffer.alloc(size), 1, undefined);
    const seen: [number, number][] = [];
    while (socket.writes[0] !== undefined) {
      expect(socket.writes).toHaveLength(1);
      seen.push([socket.writes[0].chunks, socket.writes[0].bytes.length]);
      socket.finish();
    }
    expect(seen).toEqual([
      [1, 10],
      [1, 70_000],
      [2, 50],
    ]);
    expect([queue.bytes, queue.busy]).toEqual([0, false]);
  });

  it("gathers no more than 256 KiB", () => {
    const socket = new SlowWritable();
    const queue = new SendQueue(socket, () => undefined);
    queue.push(Buffer.alloc(1), 1, undefined);
    for (let i = 0; i < 9; i++) queue.push(Buffer.alloc(60_000), 1, undefined);
    socket.finish();
    expect(socket.writes.map(({ bytes }) => bytes.length)).toEqual([240_000]);
  });

  it("says after each write that there is room", async () => {
    const socket = new SlowWritable();
    const drained = vi.fn<() => void>();
    const queue = new SendQueue(socket, drained);
    queue.push(Buffer.alloc(9), 1, undefined);
    queue.push(Buffer.alloc(9), 1, undefined);
    socket.finish();
    expect([drained.mock.calls.length, queue.busy, queue.bytes]).toEqual([1, true, 9]);
    await drain(socket);
    expect([drained.mock.calls.length, queue.busy, queue.bytes]).toEqual([2, false, 0]);
  });

  it("gives back on close what was never written, and the rest when the socket is done with it", () => {
    const socket = new SlowWritable();
    const queue = new SendQueue(socket, () => undefined);
    const [first, second, third] = [new Lent(9, 1), new Lent(9, 2), new Lent(9, 3)];
    for (const [index, lent] of [first, second, third].entries()) queue.push(lent.bytes, index + 1, lent);
    expect(queue.close()).toBe(5);
    expect([first.returns, second.returns, third.returns]).toEqual([0, 1, 1]);
    expect(queue.bytes).toBe(9);
    socket.finish();
    expect([first.returns, second.returns, third.returns]).toEqual([1, 1, 1]);
    expect(queue.bytes).toBe(0);
    expect(() => queue.push(Buffer.alloc(1), 0, undefined)).toThrow("closed");
  });

  it.each(["error", "destroy"])("counts what the socket refused (%s) and gives it back once", async (how) => {
    const socket = new SlowWritable();
    const drained = vi.fn<() => void>();
    const queue = new SendQueue(socket, drained);
    const lent = [new Lent(9, 1), new Lent(9, 2), new Lent(9, 3)];
    for (const one of lent) queue.push(one.bytes, 1, one);
    if (how === "error") socket.finish(new Error("gone"));
    else socket.destroy();
    await turn();
    // Some of these come while the link has not yet heard of the error.
    const late = new Lent(9, 4);
    queue.push(late.bytes, 1, late);
    await turn();
    if (how === "destroy") socket.finish(new Error("cancelled"));
    await turn();
    expect(queue.close()).toBe(4);
    expect([...lent, late].map(({ returns }) => returns)).toEqual([1, 1, 1, 1]);
    expect([queue.bytes, drained.mock.calls.length]).toEqual([0, 0]);
  });

  it("keeps order and buffers when a lender pushes as soon as it has its own back", async () => {
    const socket = new SlowWritable();
    const queue = new SendQueue(socket, () => undefined);
    const all: Lent[] = [];
    const push = (size: number, then?: () => void): void => {
      const lent = new Lent(size, all.length + 1, then);
      all.push(lent);
      queue.push(lent.bytes, 1, lent);
    };
    push(100, () => push(300, () => push(70_000)));
    push(65_536);
    push(200);
    push(65_536);
    await drain(socket);
    expect(Buffer.concat(socket.taken).equals(Buffer.concat(all.map(({ original }) => original)))).toBe(true);
    expect(all.map(({ returns }) => returns)).toEqual(all.map(() => 1));
    expect(queue.bytes).toBe(0);
  });

  it("writes everything in order and gives each chunk back once, whatever happens when", async () => {
    const size = fc.oneof(fc.integer({ min: 1, max: 100 }), fc.constantFrom(65_535, 65_536, 100_000, 300_000));
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ push: size, units: fc.nat(5), again: fc.boolean() }) },
      { weight: 2, arbitrary: fc.constant("finish" as const) },
    );
    const end = fc.constantFrom("drain", "close", "error");
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), end, async (steps, how) => {
        const socket = new SlowWritable();
        const queue = new SendQueue(socket, () => undefined);
        const all: { lent: Lent; units: number }[] = [];
        const push = (bytes: number, units: number, again: boolean): void => {
          const more = (): void => {
            if (again && !socket.destroyed && !closed) push(7, 1, false);
          };
          const lent = new Lent(bytes, all.length, more);
          all.push({ lent, units });
          queue.push(lent.bytes, units, lent);
        };
        let closed = false;
        for (const one of steps) {
          if (one === "finish") socket.finish();
          else push(one.push, one.units, one.again);
          expect(socket.writes.length).toBeLessThanOrEqual(1);
          const out = all.filter(({ lent }) => lent.returns === 0);
          expect(queue.bytes).toBe(out.reduce((sum, { lent }) => sum + lent.bytes.length, 0));
        }
        const underWay = socket.writes[0]?.bytes.length ?? 0;
        if (how === "drain") await drain(socket);
        if (how === "error") {
          socket.finish(new Error("gone"));
          await turn();
        }
        closed = true;
        const unsent = queue.close();
        if (how === "close") await drain(socket);
        expect(all.map(({ lent }) => lent.returns)).toEqual(all.map(() => 1));
        expect(queue.bytes).toBe(0);

        const written = Buffer.concat(socket.taken);
        const whole = Buffer.concat(all.map(({ lent }) => lent.original));
        expect(written.equals(whole.subarray(0, written.length))).toBe(true);
        let rest = written.length;
        const unwritten = all.filter(({ lent }) => (rest -= lent.original.length) < 0);
        expect(unsent).toBe(unwritten.reduce((sum, { units }) => sum + units, 0));
        if (how === "drain") expect(written.length).toBe(whole.length);
        else if (how === "error" && underWay > 0) expect(unwritten.length).toBeGreaterThan(0);
      }),
      { numRuns: 200 },
    );
  });
});
