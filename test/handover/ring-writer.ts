import { workerData } from "node:worker_threads";
import { type Bell, BellRinger } from "../../src/daemon/handover/bell.ts";
import { RingWriter } from "../../src/daemon/handover/ring.ts";

// The writing thread of threads.test.ts: numbered records of many lengths, each tried until there is room for it.
const { ring, bell, records } = workerData as { ring: SharedArrayBuffer; bell: Bell; records: number };
const [writer, ringer] = [new RingWriter(ring), new BellRinger(bell)];
const bytes = Buffer.alloc(2000);
for (let index = 0; index < records; index += 1) {
  const length = 5 + ((index * 37) % 1500);
  bytes.writeUInt32LE(index);
  bytes[length - 1] = index & 0xff;
  while (!writer.push(bytes, 0, length, 0)) ringer.ring();
  if (index % 16 === 0) ringer.ring();
}
ringer.ring();
