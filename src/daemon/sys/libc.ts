import koffi from "koffi";

/**
 * System calls of libc on the calling thread. Pointers are plain numbers (see Memory.address), so that a call on the
 * packet path makes no object. Each returns what the system call returns; below zero `errno()` has the reason, until
 * the next call on the same thread.
 */
const libc = koffi.load("libc.so.6");

export const openPath: (path: string, flags: number) => number = libc.func("open", "int", ["str", "int"]);
export const closeDescriptor: (fd: number) => number = libc.func("close", "int", ["int"]);
/** `to` becomes a descriptor of what `from` is one of; `flags` are O_CLOEXEC or 0. */
export const dup3: (from: number, to: number, flags: number) => number = libc.func("dup3", "int", [
  "int",
  "int",
  "int",
]);
export const read: (fd: number, address: number, size: number) => number = libc.func("read", "intptr_t", [
  "int",
  "uintptr_t",
  "size_t",
]);
export const write: (fd: number, address: number, size: number) => number = libc.func("write", "intptr_t", [
  "int",
  "uintptr_t",
  "size_t",
]);
/** The third argument is a number or an address, as the request says. */
export const ioctl: (fd: number, request: number, argument: number) => number = libc.func("ioctl", "int", [
  "int",
  "ulong",
  "uintptr_t",
]);
export const socket: (family: number, type: number, protocol: number) => number = libc.func("socket", "int", [
  "int",
  "int",
  "int",
]);
export const bind: (fd: number, address: number, length: number) => number = libc.func("bind", "int", [
  "int",
  "uintptr_t",
  "uint32_t",
]);
export const recv: (fd: number, address: number, size: number, flags: number) => number = libc.func(
  "recv",
  "intptr_t",
  ["int", "uintptr_t", "size_t", "int"],
);
export const sendto: (
  fd: number,
  address: number,
  size: number,
  flags: number,
  to: number,
  toLength: number,
) => number = libc.func("sendto", "intptr_t", ["int", "uintptr_t", "size_t", "int", "uintptr_t", "uint32_t"]);
export const setsockopt: (fd: number, level: number, option: number, address: number, length: number) => number =
  libc.func("setsockopt", "int", ["int", "int", "int", "uintptr_t", "uint32_t"]);
/** `lengthAddress` points to a u32: the room given on entry, the bytes written on return. */
export const getsockopt: (fd: number, level: number, option: number, address: number, lengthAddress: number) => number =
  libc.func("getsockopt", "int", ["int", "int", "int", "uintptr_t", "uintptr_t"]);

/** Gives free pages of malloc's heap back to the kernel. */
export const mallocTrim: (keep: number) => number = libc.func("malloc_trim", "int", ["size_t"]);
export const madvise: (address: number, length: number, advice: number) => number = libc.func("madvise", "int", [
  "uintptr_t",
  "size_t",
  "int",
]);
export const pageSize: () => number = libc.func("getpagesize", "int", []);
export const eventfd: (initial: number, flags: number) => number = libc.func("eventfd", "int", ["uint", "int"]);

export const schedYield: () => number = libc.func("sched_yield", "int", []);

/** sched_setattr has no wrapper before glibc 2.41. */
const syscall: (number: number, first: number, second: number, third: number) => number = libc.func("syscall", "long", [
  "long",
  "long",
  "uintptr_t",
  "ulong",
]);
const numberOfSchedSetattr = process.arch === "arm64" ? 274 : 314;
export const schedSetattr = (thread: number, address: number, flags: number): number =>
  syscall(numberOfSchedSetattr, thread, address, flags);

/** errno of the last call on this thread. */
export const errno: () => number = () => koffi.errno();
