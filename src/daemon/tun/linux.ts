import type { Socket } from "node:net";
import { readingStream } from "../sys/descriptor-stream.ts";
import { EAGAIN, EBADF, EBADFD, EINTR, EIO, ENODEV, ENXIO } from "../sys/errno.ts";
import { errno, read, write } from "../sys/libc.ts";
import { allocateMemory, releaseMemory } from "../sys/memory.ts";
import { readInto } from "../sys/read-into.ts";
import { deviceDown, type OffloadFeatures, refused, type TunDevice, type UnitReader, wouldBlock } from "./device.ts";

/** What became of a read or write that failed; tun.c has EIO for a device that is down, EBADFD for one that is gone. */
function outcome(error: number): number {
  if (error === EAGAIN || error === EINTR) return wouldBlock;
  if (error === EIO || error === EBADFD || error === EBADF || error === ENODEV || error === ENXIO) return deviceDown;
  return refused;
}

/**
 * The packet path's view of a TUN queue that openTun opened, perhaps on another thread.
 * `close` ends the reading and leaves the descriptor to the one who opened it.
 */
export function attachTun(fd: number, name: string, features: OffloadFeatures): TunDevice {
  const arrivals = new Arrivals(fd);
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
    startReading(reader) {
      if (!closed) arrivals.start(reader);
    },
    stopReading() {
      arrivals.stop();
    },
    close() {
      closed = true;
      arrivals.close();
    },
  };
}

/** The first unit of each turn of the event loop, read by Node itself. */
class Arrivals {
  readonly #fd: number;
  #reader: UnitReader | undefined;
  #stream: { readonly socket: Socket; readonly readOn: () => void } | undefined;
  #landing: Buffer = Buffer.alloc(0);

  constructor(fd: number) {
    this.#fd = fd;
  }

  start(reader: UnitReader): void {
    this.#reader = reader;
    if (this.#stream === undefined) this.#open();
    else this.#stream.readOn();
  }

  stop(): void {
    this.#reader = undefined;
    this.#stream?.socket.pause();
  }

  close(): void {
    this.#reader = undefined;
    this.#stream?.socket.destroy();
    this.#stream = undefined;
  }

  #open(): void {
    const socket = readingStream(this.#fd);
    socket.once("error", ({ errno: number = 0 }: NodeJS.ErrnoException) => this.#failed(outcome(-number)));
    this.#stream = { socket, readOn: readInto(socket, this.#space, this.#filled) };
  }

  readonly #space = (): Buffer => {
    if (this.#reader !== undefined) this.#landing = this.#reader.landing();
    return this.#landing;
  };

  readonly #filled = (length: number): boolean => {
    this.#reader?.landed(length);
    return this.#reader !== undefined;
  };

  /** Node ends a stream at the first error. A unit that the kernel refused to hand over must not end the device. */
  #failed(result: number): void {
    const reader = this.#reader;
    this.close();
    if (reader === undefined) return;
    if (result !== deviceDown) this.start(reader);
    reader.landed(result);
  }
}
