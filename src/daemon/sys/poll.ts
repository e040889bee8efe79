import koffi from "koffi";

/** Watches one descriptor on this thread's event loop. Starting and stopping cost about a microsecond. */
export interface Poller {
  start(): void;
  stop(): void;
  /** Comes before the descriptor itself is closed. */
  close(): void;
}

const readableOnly = { readable: true };
const nothing = (): void => {};

/**
 * Calls `ready` again and again while `fd` has something to read, once started. When the descriptor is in error, `ready`
 * is called once with true and the polling has stopped: start it again if reading shows that the descriptor is good.
 * The event loop stays alive while it is started.
 */
export function poll(fd: number, ready: (inError: boolean) => void): Poller {
  let handle: ReturnType<typeof koffi.node.poll> | undefined;
  let closed = false;
  // koffi really calls with (status, events), against its types; status is below zero for EPOLLERR (uv_poll_start).
  // Node does not run promises and ticks after such a call as it does after its own; an immediate, which comes before
  // the loop waits again, makes it do so. An exception must not cross native code, so it is raised there too.
  const onEvent = (status: unknown): void => {
    let after = nothing;
    try {
      ready(typeof status === "number" && status < 0);
    } catch (error) {
      after = () => {
        throw error;
      };
    }
    setImmediate(after);
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
