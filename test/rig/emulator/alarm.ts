import { closeDescriptor, read } from "../../../src/daemon/sys/libc.ts";
import { allocateMemory } from "../../../src/daemon/sys/memory.ts";
import { poll } from "../../../src/daemon/sys/poll.ts";
import { done, timerfdCreate, timerfdSettime } from "./system.ts";

const CLOCK_MONOTONIC = 1;
const TFD_NONBLOCK = 0o4000;
const TFD_CLOEXEC = 0o2000000;

/** Node's own timers are whole milliseconds; frames that are due within this time of each other share one wake-up. */
const tickMillis = 0.25;

/** One alarm, finer than Node's timers (timerfd_create(2) on the event loop). */
export interface Alarm {
  /** Rings in `millis`, at the earliest after one tick; undefined: not at all. */
  set(millis: number | undefined): void;
  close(): void;
}

export function openAlarm(ring: () => void): Alarm {
  const fd = done(timerfdCreate(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC), "timerfd_create");
  const value = allocateMemory(32);
  const expirations = allocateMemory(8);
  const poller = poll(fd, () => {
    read(fd, expirations.address, 8);
    ring();
  });
  poller.start();
  return {
    set(millis) {
      const nanos = millis === undefined ? 0 : Math.round(Math.max(tickMillis, millis) * 1e6);
      value.bytes.writeBigInt64LE(BigInt(Math.floor(nanos / 1e9)), 16);
      value.bytes.writeBigInt64LE(BigInt(nanos % 1e9), 24);
      done(timerfdSettime(fd, 0, value.address, 0), "timerfd_settime");
    },
    close() {
      poller.close();
      closeDescriptor(fd);
    },
  };
}
