import koffi from "koffi";
import { errnoName } from "../../../../src/daemon/sys/errno.ts";
import { errno, recv, setsockopt, socket } from "../../../../src/daemon/sys/libc.ts";
import { allocateMemory } from "../../../../src/daemon/sys/memory.ts";
import { addressBytes as bytesOf, parseAddress } from "../../../../src/shared/address.ts";

/** Numbers of Linux' socket(2), packet(7), ip(7), ipv6(7). */
export const AF_INET = 2;
export const AF_INET6 = 10;
export const AF_PACKET = 17;
export const SOCK_RAW = 3;
export const IPPROTO_ICMP = 1;
export const IPPROTO_ICMPV6 = 58;
export const IPPROTO_RAW = 255;
export const ETH_P_ALL_BE = 0x0300;
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
const MSG_DONTWAIT = 0x40;

const libc = koffi.load("libc.so.6");
const sendto: (fd: number, address: number, size: number, flags: number, to: number, toLength: number) => number =
  libc.func("sendto", "intptr_t", ["int", "uintptr_t", "size_t", "int", "uintptr_t", "uint32_t"]);

function failure(call: string): Error {
  return new Error(`${call}: ${errnoName(errno())}`);
}

export function rawSocket(family: number, protocol: number): number {
  const fd = socket(family, SOCK_RAW, protocol);
  if (fd < 0) throw failure("socket");
  const size = allocateMemory(4);
  size.bytes.writeInt32LE(64 * 1024 * 1024);
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, size.address, 4) < 0) throw failure("SO_RCVBUFFORCE");
  return fd;
}

const inbox = allocateMemory(256 * 1024);

/** The next packet, borrowed until the next call; undefined when none waits. */
export function receive(fd: number): Buffer | undefined {
  const length = recv(fd, inbox.address, inbox.bytes.length, MSG_DONTWAIT);
  return length < 0 ? undefined : inbox.bytes.subarray(0, length);
}

const outbox = allocateMemory(128 * 1024);
const target = allocateMemory(128);

export function send(fd: number, packet: Buffer, to: Buffer): void {
  packet.copy(outbox.bytes);
  to.copy(target.bytes);
  if (sendto(fd, outbox.address, packet.length, 0, target.address, to.length) < 0) throw failure("sendto");
}

/** Bytes of an IPv4 or IPv6 address. */
export function addressBytes(text: string): Buffer {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`${text} is no address`);
  return bytesOf(address);
}

/** struct sockaddr_in or sockaddr_in6 without a port. */
export function socketAddress(text: string): Buffer {
  const bytes = addressBytes(text);
  const family = Buffer.alloc(2);
  family.writeUInt16LE(bytes.length === 4 ? AF_INET : AF_INET6);
  if (bytes.length === 4) return Buffer.concat([family, Buffer.alloc(2), bytes, Buffer.alloc(8)]);
  return Buffer.concat([family, Buffer.alloc(6), bytes, Buffer.alloc(4)]);
}

/** The Internet checksum (RFC 1071). */
export function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
