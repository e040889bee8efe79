import { type ErrorCode, SssonectorError } from "../../shared/errors.ts";
import { EACCES, EBUSY, EINVAL, ENODEV, ENOENT, ENXIO, EPERM, errnoName } from "../sys/errno.ts";
import { closeDescriptor, errno, ioctl, openPath, socket } from "../sys/libc.ts";
import { allocateMemory } from "../sys/memory.ts";
import type { OffloadFeatures } from "./device.ts";

/** An interface of this process: it vanishes, with its addresses and routes, when the last descriptor is closed. */
export interface OpenTun {
  readonly name: string;
  /** One non-blocking, close-on-exec descriptor per queue. */
  readonly fds: readonly number[];
  readonly features: OffloadFeatures;
  close(): void;
}

// linux/if_tun.h and asm-generic/fcntl.h
const TUNSETIFF = 0x4004_54ca;
const TUNSETOFFLOAD = 0x4004_54d0;
const IFF_TUN = 0x0001;
const IFF_MULTI_QUEUE = 0x0100;
const IFF_NO_PI = 0x1000;
const IFF_VNET_HDR = 0x4000;
const TUN_F_CSUM = 0x01;
const TUN_F_TSO4 = 0x02;
const TUN_F_TSO6 = 0x04;
const TUN_F_USO4 = 0x20;
const TUN_F_USO6 = 0x40;
// linux/sockios.h and net/if.h
const AF_INET = 2;
const SOCK_DGRAM = 2;
const SIOCGIFFLAGS = 0x8913;
const IFF_RUNNING = 0x40;
const O_RDWR = 0o2;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;

const devicePath = "/dev/net/tun";
/** IFNAMSIZ less the closing zero. */
const longestName = 15;
const ifreqLength = 40;

/** Sets of features, the best first; the kernel takes a set whole or not at all (USO came with Linux 6.2). */
const offloads: readonly (readonly [flags: number, features: OffloadFeatures])[] = [
  [
    TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_USO4 | TUN_F_USO6,
    { checksum: true, tso4: true, tso6: true, uso: true },
  ],
  [TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6, { checksum: true, tso4: true, tso6: true, uso: false }],
  [TUN_F_CSUM, { checksum: true, tso4: false, tso6: false, uso: false }],
];
const noOffload: OffloadFeatures = { checksum: false, tso4: false, tso6: false, uso: false };

/**
 * Opens a TUN interface with a virtio-net header before each packet, and asks for offload.
 * Errors: tun_name, tun_missing, tun_permission, tun_busy, tun_kind, tun_failed.
 */
export function openTun(settings: { readonly name: string; readonly queues: number }): OpenTun {
  checkName(settings.name);
  const fds: number[] = [];
  const close = (): void => {
    for (const fd of fds.splice(0)) closeDescriptor(fd);
  };
  try {
    let features = noOffload;
    // The kernel lets anybody add a queue to an interface that has several.
    if (settings.queues > 1 && isHeld(settings.name)) throw attachFailure(settings.name, EBUSY);
    for (let queue = 0; queue < settings.queues; queue++) {
      const fd = openQueue(settings.name, settings.queues > 1);
      fds.push(fd);
      features = negotiate(fd);
    }
    return { name: settings.name, fds, features, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** Stricter than the kernel: nothing that other programs take for a pattern, an option or a comment. */
function checkName(name: string): void {
  if (/^\w[\w.+-]*$/.test(name) && name.length <= longestName) return;
  throw new SssonectorError("tun_name", `${JSON.stringify(name)} can't be the name of an interface`);
}

/** Whether the interface is there and somebody is at its other end. */
function isHeld(name: string): boolean {
  const fd = socket(AF_INET, SOCK_DGRAM | O_CLOEXEC, 0);
  if (fd < 0) return false;
  const request = allocateMemory(ifreqLength);
  request.bytes.write(name, "latin1");
  const known = ioctl(fd, SIOCGIFFLAGS, request.address) === 0;
  closeDescriptor(fd);
  return known && (request.bytes.readUInt16LE(longestName + 1) & IFF_RUNNING) !== 0;
}

function openQueue(name: string, several: boolean): number {
  const fd = openPath(devicePath, O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) throw openFailure(errno());
  const request = allocateMemory(ifreqLength);
  request.bytes.write(name, "latin1");
  request.bytes.writeUInt16LE(IFF_TUN | IFF_NO_PI | IFF_VNET_HDR | (several ? IFF_MULTI_QUEUE : 0), longestName + 1);
  if (ioctl(fd, TUNSETIFF, request.address) === 0) return fd;
  const reason = errno();
  closeDescriptor(fd);
  throw attachFailure(name, reason);
}

function negotiate(fd: number): OffloadFeatures {
  for (const [flags, features] of offloads) if (ioctl(fd, TUNSETOFFLOAD, flags) === 0) return features;
  ioctl(fd, TUNSETOFFLOAD, 0);
  return noOffload;
}

function openFailure(reason: number): SssonectorError {
  let code: ErrorCode = "tun_failed";
  if (reason === ENOENT || reason === ENODEV || reason === ENXIO) code = "tun_missing";
  if (reason === EACCES || reason === EPERM) code = "tun_permission";
  return new SssonectorError(code, `${devicePath} can't be opened (${errnoName(reason)})`);
}

function attachFailure(name: string, reason: number): SssonectorError {
  const failure = (code: ErrorCode, what: string): SssonectorError =>
    new SssonectorError(code, `interface ${name} ${what} (${errnoName(reason)})`);
  if (reason === EPERM || reason === EACCES) return failure("tun_permission", "can't be made without CAP_NET_ADMIN");
  if (reason === EBUSY) return failure("tun_busy", "is held by another process");
  if (reason === EINVAL) return failure("tun_kind", "exists and is of another kind");
  return failure("tun_failed", "can't be made");
}
