import { isIPv6, type Server, Socket, type SocketConstructorOpts } from "node:net";
import { errno, socket as newSocket } from "./libc.ts";
import { errnoName } from "./errno.ts";
import { isEstablished } from "./tcp.ts";

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;

/** Of a connection or a listener; -1 where there is none, or none any longer. */
export function descriptorOf(socket: Socket | Server): number {
  const { _handle: handle } = socket as unknown as { _handle?: { fd?: number } | null };
  return handle?.fd ?? -1;
}

/** Whether the connection can still carry bytes both ways, as the kernel knows it; nothing needs to be read for that. */
export function isAlive(socket: Socket): boolean {
  const fd = descriptorOf(socket);
  return !socket.destroyed && fd >= 0 && isEstablished(fd);
}

/**
 * A TCP socket that is not connected yet and has its descriptor: Node makes it in `connect` only, too late for options
 * that the handshake looks at. Throws an error with a code, as connect does, when there is no descriptor left.
 */
export function unconnectedSocket(host: string, options: Pick<SocketConstructorOpts, "noDelay" | "keepAlive">): Socket {
  const fd = newSocket(isIPv6(host) ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    const code = errnoName(errno());
    throw Object.assign(new Error(`socket ${code} ${host}`), { code });
  }
  // Without manualStart Node would read from it at once.
  return new Socket({ ...options, fd, manualStart: true } as SocketConstructorOpts);
}
