import { Socket } from "node:net";
import { errnoName } from "./errno.ts";
import { dup3, errno, socket } from "./libc.ts";

// sys/socket.h, asm-generic/fcntl.h
const AF_UNIX = 1;
const SOCK_STREAM = 1;
const O_CLOEXEC = 0o2000000;

/**
 * A stream of Node's that reads `fd`, of whatever kind: each read of its is one system call, as soon as the event loop sees that
 * there is something. Node takes descriptors of sockets and pipes only, so it is given one, which then becomes `fd`
 * (docs/decisions/0026-tun-on-the-event-loop.md). `fd` itself stays the caller's and has to be non-blocking.
 */
export function readingStream(fd: number): Socket {
  const own = socket(AF_UNIX, SOCK_STREAM | O_CLOEXEC, 0);
  if (own < 0) throw new Error(`socket: ${errnoName(errno())}`);
  const stream = new Socket({ fd: own, readable: true, writable: false });
  if (dup3(fd, own, O_CLOEXEC) >= 0) return stream;
  const reason = errnoName(errno());
  stream.destroy();
  throw new Error(`dup3: ${reason}`);
}
