import { execFileSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import koffi from "koffi";

const libc = koffi.load("libc.so.6");
const unshare: (flags: number) => number = libc.func("unshare", "int", ["int"]);
const setns: (fd: number, flags: number) => number = libc.func("setns", "int", ["int", "int"]);
const CLONE_NEWNET = 0x4000_0000;

/**
 * Puts the calling thread, and what it starts from now on, into a new network namespace with loopback up. The
 * namespace is gone when nothing uses it any more. Returns what leads back.
 */
export function enterNamespace(): { leave(): void } {
  const before = openSync("/proc/thread-self/ns/net", "r");
  if (unshare(CLONE_NEWNET) !== 0) throw new Error("unshare needs root");
  execFileSync("ip", ["link", "set", "lo", "up"]);
  return {
    leave() {
      if (setns(before, CLONE_NEWNET) !== 0) throw new Error("the way back is closed");
      closeSync(before);
    },
  };
}

export function ip(...args: string[]): string {
  return execFileSync("ip", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}
