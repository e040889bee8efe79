import {
  deviceDown,
  type OffloadFeatures,
  refused,
  type TunBuffer,
  type TunDevice,
  type UnitReader,
  wouldBlock,
} from "../../src/daemon/tun/device.ts";

export const fullOffload: OffloadFeatures = { checksum: true, tso4: true, tso6: true, uso: true };
export const noOffload: OffloadFeatures = { checksum: false, tso4: false, tso6: false, uso: false };

/** The other side of an in-memory TUN: what the kernel would send and receive. */
export interface FakeKernel {
  /** Queues one unit (virtio-net header and packet) for the device to read. */
  inject(unit: Uint8Array): void;
  /** Queues a packet behind a plain header. */
  injectPacket(packet: Uint8Array): void;
  /** Every unit that was written, the oldest first. */
  readonly written: readonly Buffer[];
  /** Units not read yet. */
  readonly waiting: number;
  /** Resolves when `count` units have been written in all. */
  whenWritten(count: number): Promise<readonly Buffer[]>;
  /** Resolves when everything injected has been read. */
  whenDrained(): Promise<void>;
  /** As `ip link set down`, or up again. */
  setUp(up: boolean): void;
  /** Until called with false again, writes answer wouldBlock. */
  setFull(full: boolean): void;
}

const shortestUnit = 10 + 1;

/** A TUN in memory: the same interface, answers and order of events as the Linux one, on this thread's event loop. */
export function fakeTun(options: { name?: string; features?: OffloadFeatures } = {}): {
  device: TunDevice;
  kernel: FakeKernel;
} {
  const queue: Buffer[] = [];
  const written: Buffer[] = [];
  const waiters = new Set<() => void>();
  let reader: UnitReader | undefined;
  let landing: Buffer = Buffer.alloc(0);
  let scheduled: NodeJS.Immediate | undefined;
  let up = true;
  let full = false;
  let closed = false;

  const settle = (): void => {
    for (const waiter of waiters) waiter();
  };
  const until = (met: () => boolean): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const check = (): void => {
      if (!met()) return;
      waiters.delete(check);
      resolve();
    };
    waiters.add(check);
    check();
    return promise;
  };
  // One unit a turn, as the event loop reads the kernel's.
  const schedule = (): void => {
    if (scheduled !== undefined || reader === undefined || queue.length === 0) return;
    scheduled = setImmediate(() => {
      scheduled = undefined;
      const unit = queue.shift();
      if (unit === undefined) return;
      reader?.landed(unit.copy(landing));
      if (reader !== undefined) landing = reader.landing();
      settle();
      schedule();
    });
  };

  const device: TunDevice = {
    name: options.name ?? "fake0",
    features: options.features ?? fullOffload,
    allocate: (size): TunBuffer => ({ bytes: Buffer.alloc(size), address: 0 }),
    // As the kernel's pages.
    release: ({ bytes }) => void bytes.fill(0),
    read(buffer, offset, capacity) {
      if (closed) return deviceDown;
      const unit = queue.shift();
      if (unit === undefined) return wouldBlock;
      const length = unit.copy(buffer.bytes, offset, 0, Math.min(unit.length, capacity));
      settle();
      return length;
    },
    write(buffer, offset, length) {
      if (closed || !up) return deviceDown;
      if (full) return wouldBlock;
      const version = (buffer.bytes[offset + 10] ?? 0) >> 4;
      if (length < shortestUnit || (version !== 4 && version !== 6)) return refused;
      written.push(Buffer.from(buffer.bytes.subarray(offset, offset + length)));
      settle();
      return length;
    },
    startReading(whose) {
      if (closed) return;
      reader = whose;
      landing = whose.landing();
      schedule();
    },
    stopReading() {
      reader = undefined;
      clearImmediate(scheduled);
      scheduled = undefined;
    },
    close() {
      closed = true;
      device.stopReading();
    },
  };
  const kernel: FakeKernel = {
    inject(unit) {
      if (!up) return;
      queue.push(Buffer.from(unit));
      schedule();
    },
    injectPacket: (packet) => kernel.inject(Buffer.concat([Buffer.alloc(10), packet])),
    written,
    get waiting() {
      return queue.length;
    },
    async whenWritten(count) {
      await until(() => written.length >= count);
      return written;
    },
    whenDrained: () => until(() => queue.length === 0),
    setUp: (value) => void (up = value),
    setFull: (value) => void (full = value),
  };
  return { device, kernel };
}
