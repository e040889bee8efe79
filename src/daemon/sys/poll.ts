import koffi from "koffi";

/** Watches one descriptor on this thread's event loop. Starting and stopping cost about a microsecond. */
export interface Poller {
  start(): void;
  stop(): void;
  /** Comes before the descriptor itself is closed. */
  close(): void;
}

const readableOnly = { readable: true };

/**
 * Calls `readable` again and again while `fd` has something to read or is in error, once started.
 * The event loop stays alive while it is started.
 */
export function poll(fd: number, readable: () => void): Poller {
  let handle: ReturnType<typeof koffi.node.poll> | undefined;
  let closed = false;
  // koffi calls back with (status, events); an exception must not cross native code, so it is raised apart.
  const onEvent = (): void => {
    try {
      readable();
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
    }
  };
  return {
    start() {
      if (closed) return;
      if (handle === undefined) handle = koffi.node.poll(fd, readableOnly, onEvent);
      else handle.start(readableOnly, onEvent);
    },
    stop() {
      if (!closed) handle?.stop();
    },
    close() {
      if (closed) return;
      closed = true;
      handle?.close();
    },
  };
}
