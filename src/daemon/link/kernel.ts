import type { TLSSocket } from "node:tls";
import { setTcpNotsentLowat, type TcpInfo, tcpInfo } from "../sys/tcp.ts";

/** The kernel's side of a link's connection. */
export interface Kernel {
  /** Undefined once the connection is closed, or where the kernel does not say. */
  info(): TcpInfo | undefined;
  /** Unsent bytes above which it takes no more; 0: as much as it likes. */
  limitUnsent(bytes: number): void;
}

export function kernelOf(socket: TLSSocket): Kernel {
  return {
    info: () => tcpInfo(descriptorOf(socket)),
    limitUnsent: (bytes) => void setTcpNotsentLowat(descriptorOf(socket), bytes),
  };
}

/** -1 once the socket is closed. */
function descriptorOf(socket: TLSSocket): number {
  const handle = (socket as unknown as { _handle?: { fd?: number } | null })._handle;
  return handle?.fd ?? -1;
}
