import { EAGAIN, EBADF, EBADFD, EINTR, EIO, ENODEV, ENXIO } from "../sys/errno.ts";
import { errno, read, write } from "../sys/libc.ts";
import { allocateMemory, releaseMemory } from "../sys/memory.ts";
import { poll } from "../sys/poll.ts";
import { deviceDown, type OffloadFeatures, refused, type TunDevice, wouldBlock } from "./device.ts";

/** What became of a read or write that failed; tun.c has EIO for a device that is down, EBADFD for one that is gone. */
function outcome(error: number): number {
  if (error === EAGAIN || error === EINTR) return wouldBlock;
  if (error === EIO || error === EBADFD || error === EBADF || error === ENODEV || error === ENXIO) return deviceDown;
  return refused;
}

/**
 * The packet path's view of a TUN queue that openTun opened, perhaps on another thread.
 * `close` ends the polling and leaves the descriptor to the one who opened it.
 */
export function attachTun(fd: number, name: string, features: OffloadFeatures): TunDevice {
  let onReadable: (() => void) | undefined;
  const poller = poll(fd, () => onReadable?.());
  let closed = false;
  return {
    name,
    features,
    allocate: allocateMemory,
    release: releaseMemory,
    read(buffer, offset, capacity) {
      if (closed) return deviceDown;
      const length = read(fd, buffer.address + offset, capacity);
      return length >= 0 ? length : outcome(errno());
    },
    write(buffer, offset, length) {
      if (closed) return deviceDown;
      const written = write(fd, buffer.address + offset, length);
      return written >= 0 ? written : outcome(errno());
    },
    startReading(readable) {
      onReadable = readable;
      poller.start();
    },
    stopReading() {
      poller.stop();
    },
    close() {
      closed = true;
      poller.close();
    },
  };
}
