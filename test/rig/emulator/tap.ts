import { closeSync, openSync } from "node:fs";
import { closeDescriptor, ioctl, openPath, read, write } from "../../../src/daemon/sys/libc.ts";
import { allocateMemory } from "../../../src/daemon/sys/memory.ts";
import { poll } from "../../../src/daemon/sys/poll.ts";
import { done, setns } from "./system.ts";

const CLONE_NEWNET = 0x4000_0000;
const O_RDWR = 0o2;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
const TUNSETIFF = 0x4004_54ca;
const IFF_TAP = 0x0002;
const IFF_NO_PI = 0x1000;
const ifreqLength = 40;
const nameLength = 16;

/** Frames read in one go, so that neither direction nor the timer starves. */
const batch = 64;
const largestFrame = 65_536 + 18;

/** A TAP interface of this process: it vanishes when it is closed. */
export interface Tap {
  /** False when the interface did not take the frame, as it does while it is down. */
  readonly write: (frame: Buffer) => boolean;
  readonly close: () => void;
}

/** Runs `act` with this thread inside a network namespace, by name or by path. */
function inside<T>(namespace: string, act: () => T): T {
  const home = openSync("/proc/thread-self/ns/net", "r");
  const there = openSync(namespace.includes("/") ? namespace : `/run/netns/${namespace}`, "r");
  try {
    done(setns(there, CLONE_NEWNET), `entering ${namespace}`);
    try {
      return act();
    } finally {
      done(setns(home, CLONE_NEWNET), "the way back");
    }
  } finally {
    closeSync(there);
    closeSync(home);
  }
}

function openDescriptor(name: string): number {
  const fd = done(openPath("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC), "/dev/net/tun");
  const request = allocateMemory(ifreqLength);
  request.bytes.write(name, 0, nameLength - 1, "latin1");
  request.bytes.writeUInt16LE(IFF_TAP | IFF_NO_PI, nameLength);
  if (ioctl(fd, TUNSETIFF, request.address) === 0) return fd;
  closeDescriptor(fd);
  throw new Error(`TAP ${name} can't be made`);
}

/**
 * Makes a TAP interface inside a namespace (a TAP belongs to the namespace in which its device file was opened).
 * `take` owns the frames it is handed; `idle` comes after each batch of them.
 */
export function openTap(namespace: string, name: string, take: (frame: Buffer) => void, idle: () => void): Tap {
  const fd = inside(namespace, () => openDescriptor(name));
  const [inbox, outbox] = [allocateMemory(largestFrame), allocateMemory(largestFrame)];
  const poller = poll(fd, () => {
    for (let frames = 0; frames < batch; frames += 1) {
      const length = read(fd, inbox.address, largestFrame);
      if (length <= 0) break;
      take(Buffer.from(inbox.bytes.subarray(0, length)));
    }
    idle();
  });
  poller.start();
  return {
    write(frame) {
      frame.copy(outbox.bytes);
      return write(fd, outbox.address, frame.length) === frame.length;
    },
    close() {
      poller.close();
      closeDescriptor(fd);
    },
  };
}
