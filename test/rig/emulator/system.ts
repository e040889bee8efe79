import koffi from "koffi";
import { errnoName } from "../../../src/daemon/sys/errno.ts";
import { errno } from "../../../src/daemon/sys/libc.ts";

const libc = koffi.load("libc.so.6");

/** System calls that only the emulator needs, in the way of src/daemon/sys/libc.ts. */
export const setns: (fd: number, flags: number) => number = libc.func("setns", "int", ["int", "int"]);
export const timerfdCreate: (clock: number, flags: number) => number = libc.func("timerfd_create", "int", [
  "int",
  "int",
]);
export const timerfdSettime: (fd: number, flags: number, value: number, before: number) => number = libc.func(
  "timerfd_settime",
  "int",
  ["int", "int", "uintptr_t", "uintptr_t"],
);

/** The result of a system call; throws with errno's name when it failed. */
export function done(result: number, what: string): number {
  if (result < 0) throw new Error(`${what}: ${errnoName(errno())}`);
  return result;
}
