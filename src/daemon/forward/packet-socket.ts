import { SssonectorError } from "../../shared/errors.ts";
import { EACCES, EINTR, EPERM, errnoName } from "../sys/errno.ts";
import { bind, closeDescriptor, errno, ioctl, recv, setsockopt, socket, write } from "../sys/libc.ts";
import { allocateMemory } from "../sys/memory.ts";
import { poll, type Poller } from "../sys/poll.ts";
import { arpType } from "./arp.ts";
import { arpFilter, neighbourFilter } from "./filter.ts";
import { type Bytes, macLength } from "./lan-message.ts";
import type { LanFamily, LanPort } from "./lan-port.ts";
import { ipv6Type } from "./neighbour.ts";

// linux/if_packet.h, bits/socket.h, asm-generic/socket.h, linux/sockios.h, linux/if_arp.h
const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;
const SOL_PACKET = 263;
const PACKET_ADD_MEMBERSHIP = 1;
const PACKET_DROP_MEMBERSHIP = 2;
const PACKET_MR_MULTICAST = 0;
const SIOCGIFFLAGS = 0x8913;
const SIOCGIFHWADDR = 0x8927;
const SIOCGIFINDEX = 0x8933;
const ARPHRD_ETHER = 1;
const IFF_UP = 0x1;
const IFF_RUNNING = 0x40;
const ifreqLength = 40;
const nameLength = 16;
const addressLength = 20;
/** Longer than any ARP or neighbour message that means something to us. */
const longestFrame = 2048;
/** More than a socket's buffer holds; ends a reading that somebody keeps feeding. */
const mostFrames = 1024;

/**
 * Packet sockets of their own for ARP and neighbour discovery on the interface; the kernel filters in front of them, so
 * that other traffic never wakes this process. Needs CAP_NET_RAW. Errors: lan_permission, lan_interface, lan_socket.
 */
export function openLanPort(interfaceName: string, families: readonly LanFamily[]): LanPort {
  const sockets = new Map<LanFamily, number>();
  const pollers: Poller[] = [];
  const frame = allocateMemory(longestFrame);
  const close = (): void => {
    for (const poller of pollers.splice(0)) poller.close();
    for (const fd of sockets.values()) closeDescriptor(fd);
    sockets.clear();
  };
  try {
    for (const family of families) sockets.set(family, openSocket());
    const [first = -1] = sockets.values();
    const { index, mac } = identify(first, interfaceName);
    for (const [family, fd] of sockets) listen(fd, family, index, interfaceName);
    const membership = (option: number, group: Bytes): void => {
      const request = membershipOf(index, group);
      const fd = sockets.get(6);
      if (fd !== undefined) setsockopt(fd, SOL_PACKET, option, request.address, request.bytes.length);
    };
    return {
      mac,
      isUp: () => isUp(first, interfaceName, index),
      receive: () => [...sockets.values()].flatMap((fd) => receiveAll(fd, frame)),
      onReadable(ready) {
        for (const fd of sockets.values()) pollers.push(startPolling(fd, ready));
      },
      send(bytes, family) {
        const fd = sockets.get(family);
        if (fd === undefined || bytes.length > longestFrame) return false;
        frame.bytes.set(bytes);
        return write(fd, frame.address, bytes.length) === bytes.length;
      },
      join: (group) => membership(PACKET_ADD_MEMBERSHIP, group),
      leave: (group) => membership(PACKET_DROP_MEMBERSHIP, group),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** Without a protocol it hears nothing until it is bound, when the filter is in place. */
function openSocket(): number {
  const fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd >= 0) return fd;
  const reason = errno();
  const code = reason === EPERM || reason === EACCES ? "lan_permission" : "lan_socket";
  throw new SssonectorError(code, `network.forwarding proxy_arp: no packet socket (${errnoName(reason)})`);
}

function identify(fd: number, name: string): { index: number; mac: Bytes } {
  const request = allocateMemory(ifreqLength);
  request.bytes.write(name, "latin1");
  if (ioctl(fd, SIOCGIFINDEX, request.address) < 0) {
    throw new SssonectorError("lan_interface", `network.forwarding.interface ${name}: ${errnoName(errno())}`);
  }
  const index = request.bytes.readInt32LE(nameLength);
  const isEthernet =
    ioctl(fd, SIOCGIFHWADDR, request.address) === 0 && request.bytes.readUInt16LE(nameLength) === ARPHRD_ETHER;
  if (!isEthernet) throw new SssonectorError("lan_interface", `network.forwarding.interface ${name} is no Ethernet`);
  return { index, mac: Buffer.from(request.bytes.subarray(nameLength + 2, nameLength + 2 + macLength)) };
}

/** False as well when another interface has the name by now: the sockets stay with the one that they are bound to. */
function isUp(fd: number, name: string, index: number): boolean {
  const request = allocateMemory(ifreqLength);
  request.bytes.write(name, "latin1");
  if (ioctl(fd, SIOCGIFINDEX, request.address) < 0 || request.bytes.readInt32LE(nameLength) !== index) return false;
  if (ioctl(fd, SIOCGIFFLAGS, request.address) < 0) return false;
  const needed = IFF_UP | IFF_RUNNING;
  return (request.bytes.readUInt16LE(nameLength) & needed) === needed;
}

function listen(fd: number, family: LanFamily, index: number, name: string): void {
  const filter = allocateMemory((family === 4 ? arpFilter : neighbourFilter).length);
  filter.bytes.set(family === 4 ? arpFilter : neighbourFilter);
  // struct sock_fprog: the number of instructions, and where they are.
  const program = allocateMemory(16);
  program.bytes.writeUInt16LE(filter.bytes.length / 8, 0);
  program.bytes.writeBigUInt64LE(BigInt(filter.address), 8);
  const address = allocateMemory(addressLength);
  address.bytes.writeUInt16LE(AF_PACKET, 0);
  address.bytes.writeUInt16BE(family === 4 ? arpType : ipv6Type, 2);
  address.bytes.writeInt32LE(index, 4);
  const attached = setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, program.address, program.bytes.length);
  if (attached === 0 && bind(fd, address.address, addressLength) === 0) return;
  throw new SssonectorError("lan_socket", `network.forwarding.interface ${name}: ${errnoName(errno())}`);
}

/** struct packet_mreq: index, type, length of the address, room of 8 bytes for it. */
function membershipOf(index: number, group: Bytes): ReturnType<typeof allocateMemory> {
  const request = allocateMemory(16);
  request.bytes.writeInt32LE(index, 0);
  request.bytes.writeUInt16LE(PACKET_MR_MULTICAST, 4);
  request.bytes.writeUInt16LE(group.length, 6);
  request.bytes.set(group, 8);
  return request;
}

function receiveAll(fd: number, memory: ReturnType<typeof allocateMemory>): Buffer[] {
  const frames: Buffer[] = [];
  while (frames.length < mostFrames) {
    const length = recv(fd, memory.address, memory.bytes.length, 0);
    if (length > 0) frames.push(Buffer.from(memory.bytes.subarray(0, length)));
    else if (errno() !== EINTR) break;
  }
  return frames;
}

/** An interface that goes down puts its sockets in error once; they work again when it is back. */
function startPolling(fd: number, ready: () => void): Poller {
  const poller = poll(fd, (inError) => {
    // Reading takes the error away.
    ready();
    if (inError) poller.start();
  });
  poller.start();
  return poller;
}
