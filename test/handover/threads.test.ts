import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { BellListener, closeBell, openBell } from "../../src/daemon/handover/bell.ts";
import { createRing, RingReader } from "../../src/daemon/handover/ring.ts";

const capacity = 64 * 1024;
const records = 50_000;

test("another thread's records all arrive, and the last one is heard of", async () => {
  const ring = createRing(capacity);
  const bell = openBell();
  const reader = new RingReader(ring);
  const done = Promise.withResolvers<void>();
  let next = 0;
  let rings = 0;
  const listener = new BellListener(bell, () => {
    rings += 1;
    reader.drain(2 ** 32, (bytes, at, length) => {
      if (bytes.readUInt32LE(at) !== next || bytes[at + length - 1] !== (next & 0xff))
        done.reject(new Error(`${next}`));
      next += 1;
      if (next === records) done.resolve();
    });
  });
  const writer = fileURLToPath(new URL("ring-writer.ts", import.meta.url));
  const worker = new Worker(writer, { workerData: { ring, bell, records } });
  await Promise.all([done.promise, once(worker, "exit")]);
  expect(next).toBe(records);
  console.log(`${records} records, heard ${rings} times`);
  listener.close();
  closeBell(bell);
}, 60_000);
