import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Kernel } from "../../src/daemon/link/kernel.ts";
import type { Link } from "../../src/daemon/link/link.ts";
import type { TcpInfo } from "../../src/daemon/sys/tcp.ts";
import { FakeClock } from "../fakes/clock.ts";
import { TestSocket } from "./test-socket.ts";
import { openEnd, patient } from "./wire.ts";

const segment = 1024;

/** A kernel that has sent everything, and whose peer has all but `unacked` segments. */
class FakeKernel implements Kernel {
  unacked = 0;
  sent = 0;
  asked = 0;
  unsentLimit = 0;

  info(): TcpInfo {
    this.asked += 1;
    return {
      bytesAcked: this.sent - this.unacked * segment,
      bytesReceived: 0,
      unacked: this.unacked,
      sendMss: segment,
      notsentBytes: 0,
      rttMicros: 100,
      minRttMicros: 100,
      deliveryRateBytes: 0,
      lost: 0,
      retrans: 0,
      peerWindowMicros: 0,
    };
  }

  limitUnsent(bytes: number): void {
    this.unsentLimit = bytes;
  }
}

const allowedFirst = 256 * 1024;

let clock: FakeClock;
let socket: TestSocket;
let kernel: FakeKernel;
let link: Link;

beforeEach(() => {
  clock = new FakeClock({ now: 100_000 });
  socket = new TestSocket();
  kernel = new FakeKernel();
  link = openEnd(socket.asTls, clock, patient, kernel).link;
  link.activate();
});

afterEach(() => socket.destroy());

/** Sends so many bytes, of which `onTheWay` are not acknowledged at once. */
async function send(bytes: number, onTheWay = 0): Promise<void> {
  kernel.sent += bytes;
  kernel.unacked = onTheWay / segment;
  link.send(Buffer.alloc(bytes), 0, 0, undefined);
  // The socket says in its next turn that it has written.
  await turn();
}

describe("a link whose bound keeps it from its path's pace", () => {
  it("is allowed twice as much when all of it arrives in a third of the time, and soon the kernel's all", async () => {
    for (const allowed of [allowedFirst, 2 * allowedFirst]) {
      expect([link.bounded, link.room]).toEqual([true, allowed]);
      await send(allowed, allowed);
      expect(link.room).toBe(0);
      kernel.unacked = 0;
      clock.advance(3);
      expect(link.room).toBeGreaterThanOrEqual(2 * allowed);
    }
    expect(link.bounded).toBe(false);
  });

  it("is noticed at once also when it had been idle, or had sent a little now and then", async () => {
    for (let at = 0; at < 50; at++, clock.advance(7)) await send(100);
    clock.advance(10_000);
    link.tick();
    await send(allowedFirst, allowedFirst);
    kernel.unacked = 0;
    clock.advance(3);
    expect(link.room).toBe(2 * allowedFirst);
  });

  it("is not seen in one whose bytes take their time, or are still on their way", async () => {
    await send(allowedFirst, allowedFirst);
    kernel.unacked = 0;
    clock.advance(4);
    expect(link.room).toBe(allowedFirst);
    await send(allowedFirst, allowedFirst);
    kernel.unacked = 1;
    clock.advance(3);
    expect(link.room).toBe(allowedFirst - segment);
  });
});

describe("what a link asks the kernel", () => {
  it("is nothing while it sends nothing", () => {
    for (let at = 0; at < 100; at++, clock.advance(250)) expect(link.room).toBe(allowedFirst);
    expect(kernel.asked).toBe(0);
  });

  it("is seldom while there is ample room: acknowledgements of a download don't cost a system call each", async () => {
    for (let at = 0; at < 1000; at++, clock.advance(1)) {
      await send(100);
      expect(link.room).toBeGreaterThan(allowedFirst / 2);
    }
    expect(kernel.asked).toBeGreaterThan(30);
    expect(kernel.asked).toBeLessThanOrEqual(51);
  });

  it("is where it stands each millisecond while more than half of what is allowed is on its way", async () => {
    const much = 200 * segment;
    await send(much, much);
    for (let at = 1; at <= 20; at++, clock.advance(1)) {
      expect(link.room).toBe(allowedFirst - much);
      expect(kernel.asked).toBe(at);
    }
    kernel.unacked = 0;
    expect(link.room).toBe(allowedFirst);
  });
});
