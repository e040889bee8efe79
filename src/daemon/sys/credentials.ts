import { getsockopt } from "./libc.ts";
import { allocateMemory } from "./memory.ts";

/** Who connected to a unix socket, as the kernel saw it at connect (unix(7), SO_PEERCRED). */
export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const ucredLength = 12;

/** The process on the other end of the unix socket `fd`; undefined when it is closed or not a unix socket. */
export function peerCredentials(fd: number): PeerCredentials | undefined {
  const ucred = allocateMemory(ucredLength);
  const length = allocateMemory(4);
  length.bytes.writeUInt32LE(ucredLength);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, ucred.address, length.address) < 0) return undefined;
  const pid = ucred.bytes.readInt32LE(0);
  // For sockets of another family Linux answers pid 0 and uid -1.
  if (pid === 0) return undefined;
  return { pid, uid: ucred.bytes.readUInt32LE(4), gid: ucred.bytes.readUInt32LE(8) };
}
