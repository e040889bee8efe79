import { closeDescriptor, errno, sendto, socket } from "./libc.ts";
import { allocateMemory } from "./memory.ts";

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const MSG_NOSIGNAL = 0x4000;
/** sun_path of linux/un.h; a path needs a closing zero. */
const pathLength = 108;

/** The address of a unix socket (unix(7)): a path, or an abstract name with a leading "@"; undefined when too long. */
export function unixAddress(name: string): Buffer | undefined {
  const abstract = name.startsWith("@");
  const text = Buffer.from(abstract ? `\0${name.slice(1)}` : `${name}\0`);
  if (text.length > pathLength) return undefined;
  const family = Buffer.alloc(2);
  family.writeUInt16LE(AF_UNIX);
  return Buffer.concat([family, text]);
}

/** Sends one datagram to the unix socket of this name without waiting. False when it did not leave. */
export function sendUnixDatagram(name: string, text: string): boolean {
  const address = unixAddress(name);
  if (address === undefined) return false;
  const to = allocateMemory(address.length);
  to.bytes.set(address);
  const message = allocateMemory(Buffer.byteLength(text));
  message.bytes.write(text);
  const fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const sent = sendto(fd, message.address, message.bytes.length, MSG_NOSIGNAL, to.address, address.length);
  const failed = sent < 0 ? errno() : 0;
  closeDescriptor(fd);
  return failed === 0;
}
