/**
 * Every error code of both programs, with what it means. docs/errors.md is generated from this table.
 * `next` is the command or the act that mends it.
 */
export const errorCodes = {
  internal: { means: "A promise inside the program was broken; this is a bug.", next: "report it with the log" },
  tun_busy: {
    means: "The TUN interface is in use by another process.",
    next: "stop the other daemon, or name another interface in network.interface",
  },
  tun_failed: { means: "The kernel did not give a TUN interface.", next: "look at dmesg" },
  tun_kind: {
    means: "An interface of this name exists and is no TUN interface that this daemon can use.",
    next: "name another interface in network.interface, or remove it: ip link del NAME",
  },
  tun_missing: {
    means: "The kernel has no TUN device here.",
    next: "modprobe tun; in a container: mkdir -p /dev/net && mknod /dev/net/tun c 10 200",
  },
  tun_name: {
    means: "The name of the interface is not one that Linux accepts.",
    next: "set network.interface to 1 to 15 printable characters without '/', ':', '%' and spaces",
  },
  tun_permission: {
    means: "The process may not make a TUN interface.",
    next: "run it as root or give it CAP_NET_ADMIN (systemd: AmbientCapabilities=CAP_NET_ADMIN)",
  },
} as const;

export type ErrorCode = keyof typeof errorCodes;

/** A failure with a stable code, what happened and where, and the next command for the reader. */
export class SssonectorError extends Error {
  readonly code: ErrorCode;
  /** What mends it; from the table unless the place of the failure knows better. */
  readonly next: string;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; next?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "SssonectorError";
    this.code = code;
    this.next = options.next ?? errorCodes[code].next;
  }
}

/** One line for a log or a terminal: `code: message; next`. */
export function describeError(error: unknown): string {
  if (error instanceof SssonectorError) return `${error.code}: ${error.message}; ${error.next}`;
  return error instanceof Error ? error.message : String(error);
}
