import type { TLSSocket } from "node:tls";
import { descriptorOf } from "../sys/socket.ts";
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
