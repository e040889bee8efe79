import { EAGAIN, EINTR, errnoName } from "../sys/errno.ts";
import { closeDescriptor, errno, eventfd, read, write } from "../sys/libc.ts";
import { allocateMemory, type Memory } from "../sys/memory.ts";
import { poll, type Poller } from "../sys/poll.ts";

// sys/eventfd.h
const EFD_CLOEXEC = 0o2000000;
const EFD_NONBLOCK = 0o4000;
const counterBytes = 8;

/** Wakes one thread's event loop; plain data and shared memory, so that it crosses to a worker. */
export interface Bell {
  readonly fd: number;
  /** One word: 1 from the first ring until the thread has heard it. */
  readonly rung: Int32Array<SharedArrayBuffer>;
}

export function openBell(): Bell {
  const fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) throw new Error(`eventfd: ${errnoName(errno())}`);
  return { fd, rung: new Int32Array(new SharedArrayBuffer(4)) };
}

/** Comes after the threads that ring and hear it have ended. */
export function closeBell({ fd }: Bell): void {
  closeDescriptor(fd);
}

/** Rings a bell of another thread. */
export class BellRinger {
  readonly #bell: Bell;
  readonly #one: Memory = allocateMemory(counterBytes);

  constructor(bell: Bell) {
    this.#bell = bell;
    this.#one.bytes.writeBigUInt64LE(1n);
  }

  /** What was written to shared memory before is seen by the thread when it hears this. */
  ring(): void {
    // One that rings already and was not heard yet is enough.
    if (Atomics.exchange(this.#bell.rung, 0, 1) === 0) write(this.#bell.fd, this.#one.address, counterBytes);
  }
}

/** Hears the bell of this thread, once for all rings since the last time. */
export class BellListener {
  readonly #bell: Bell;
  readonly #count: Memory = allocateMemory(counterBytes);
  readonly #poller: Poller;

  constructor(bell: Bell, heard: () => void) {
    this.#bell = bell;
    this.#poller = poll(bell.fd, () => {
      this.#quieten();
      heard();
    });
    this.#poller.start();
  }

  close(): void {
    this.#poller.close();
  }

  /** Before anybody looks at what is there: whoever writes later rings again. */
  #quieten(): void {
    if (read(this.#bell.fd, this.#count.address, counterBytes) < 0) {
      const reason = errno();
      if (reason !== EAGAIN && reason !== EINTR) throw new Error(`eventfd: ${errnoName(reason)}`);
    }
    Atomics.store(this.#bell.rung, 0, 0);
  }
}
