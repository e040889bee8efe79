import type { Clock, Timer } from "../../shared/clock.ts";
import { SssonectorError } from "../../shared/errors.ts";
import { EAGAIN, EINTR, ENOBUFS, errnoName } from "../sys/errno.ts";
import { bind, closeDescriptor, errno, recv, socket } from "../sys/libc.ts";
import { allocateMemory, type Memory } from "../sys/memory.ts";
import { poll } from "../sys/poll.ts";

// linux/netlink.h, linux/rtnetlink.h, bits/socket.h
const AF_NETLINK = 16;
const NETLINK_ROUTE = 0;
const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const RTMGRP_LINK = 0x1;
const RTMGRP_IPV4_IFADDR = 0x10;
const RTMGRP_IPV4_ROUTE = 0x40;
const RTMGRP_IPV6_IFADDR = 0x100;
const RTMGRP_IPV6_ROUTE = 0x400;
const groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_IFADDR | RTMGRP_IPV6_ROUTE;
const addressLength = 12;

/** A burst of changes (a link that comes up makes dozens) is told once. */
const gathering = 200;

/**
 * Calls `onChange` within 200 ms after links, addresses or routes of this network namespace changed. What changed is
 * not told: read the state anew. Returns what ends it. Error: host_netlink.
 */
export function watchNetwork(clock: Clock, onChange: () => void): { close(): void } {
  const fd = openSocket();
  const memory = allocateMemory(16_384);
  let timer: Timer | undefined;
  const poller = poll(fd, (inError) => {
    const good = drain(fd, memory);
    // Lost messages put the socket in error until it is read.
    if (good && inError) poller.start();
    if (!good) poller.stop();
    timer ??= clock.after(gathering, () => {
      timer = undefined;
      onChange();
    });
  });
  poller.start();
  return {
    close() {
      timer?.cancel();
      poller.close();
      closeDescriptor(fd);
    },
  };
}

function openSocket(): number {
  const fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (fd < 0) throw new SssonectorError("host_netlink", `socket: ${errnoName(errno())}`);
  const address = allocateMemory(addressLength);
  address.bytes.writeUInt16LE(AF_NETLINK, 0);
  address.bytes.writeUInt32LE(groups, 8);
  if (bind(fd, address.address, addressLength) === 0) return fd;
  const reason = errnoName(errno());
  closeDescriptor(fd);
  throw new SssonectorError("host_netlink", `bind: ${reason}`);
}

/** Reads all that waits. False when the socket is broken. Messages that the kernel lost (ENOBUFS) are a change too. */
function drain(fd: number, memory: Memory): boolean {
  for (;;) {
    if (recv(fd, memory.address, memory.bytes.length, 0) > 0) continue;
    const reason = errno();
    if (reason === EAGAIN) return true;
    if (reason !== ENOBUFS && reason !== EINTR) return false;
  }
}
