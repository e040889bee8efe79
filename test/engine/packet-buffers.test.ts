import { expect, test } from "vitest";
import { PacketBuffers } from "../../src/daemon/engine/packet-buffers.ts";
import { createCounters, readLevels } from "../../src/daemon/metrics/counters.ts";
import { fakeTun } from "../fakes/tun.ts";

const one = 512 * 1024;

function buffersOf(keptBytes: number): {
  buffers: PacketBuffers;
  at: (now: number) => ReturnType<typeof readLevels>;
} {
  const counters = createCounters();
  const buffers = new PacketBuffers(fakeTun().device, { keptBytes, cleanupInterval: 30_000 }, counters, 0);
  const at = (now: number): ReturnType<typeof readLevels> => {
    buffers.tick(now);
    return readLevels([counters]);
  };
  return { buffers, at };
}

test("with the usual pool every buffer is there from the start, and stays", () => {
  const { at } = buffersOf(32 * 1024 * 1024);
  expect(at(0)).toEqual({ buffer_bytes: 20 * one, buffer_used_bytes: 0 });
  expect(at(600_000)).toEqual({ buffer_bytes: 20 * one, buffer_used_bytes: 0 });
});

test("of a smaller pool there are as many as it has room for, read buffers first", () => {
  const { buffers, at } = buffersOf(5 * one + 1);
  expect(at(0).buffer_bytes).toBe(5 * one);
  expect([buffers.read.pool.held, buffers.landing.pool.held]).toEqual([4, 1]);
  expect(buffersOf(0).at(0).buffer_bytes).toBe(0);
});

test("buffers come with traffic and go when nobody needed them for an interval, also for another one", () => {
  const { buffers, at } = buffersOf(0);
  const held = buffers.read.take();
  expect(at(1)).toEqual({ buffer_bytes: one, buffer_used_bytes: one });
  const landing = [buffers.landing.pool.take(), buffers.landing.pool.take()];
  for (const memory of landing) buffers.landing.pool.giveBack(memory);
  held?.lend().giveBack();
  expect(at(29_999)).toEqual({ buffer_bytes: 3 * one, buffer_used_bytes: 0 });
  // They were needed within the first interval.
  expect(at(30_000).buffer_bytes).toBe(3 * one);
  expect(at(59_999).buffer_bytes).toBe(3 * one);
  expect(at(60_000).buffer_bytes).toBe(0);
  buffers.read.take()?.lend().giveBack();
  buffers.use({ keptBytes: 0, cleanupInterval: 1000 });
  expect(at(61_000).buffer_bytes).toBe(one);
  expect(at(62_000).buffer_bytes).toBe(0);
});

test("no more read buffers are lent than there may be; the next one is told when one comes back", () => {
  const { read } = buffersOf(0).buffers;
  const taken = [1, 2, 3, 4].map(() => read.take()?.lend());
  expect([read.available, read.take()]).toEqual([0, undefined]);
  let told = 0;
  read.whenFree(() => (told += 1));
  for (const buffer of taken) buffer?.giveBack();
  expect([told, read.available]).toEqual([1, 4]);
});
