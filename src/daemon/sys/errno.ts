import koffi from "koffi";

/** Numbers of the errors that this program tells apart (errno.h of the machine it runs on). */
function number(name: string): number {
  const value = koffi.os.errno[name];
  if (value === undefined) throw new Error(`errno ${name} is not known here`);
  return value;
}

export const EPERM: number = number("EPERM");
export const ENOENT: number = number("ENOENT");
export const EINTR: number = number("EINTR");
export const EIO: number = number("EIO");
export const ENXIO: number = number("ENXIO");
export const EBADF: number = number("EBADF");
export const EAGAIN: number = number("EAGAIN");
export const EACCES: number = number("EACCES");
export const EBUSY: number = number("EBUSY");
export const ENODEV: number = number("ENODEV");
export const EINVAL: number = number("EINVAL");
export const ENOBUFS: number = number("ENOBUFS");
/** File descriptor in bad state: what a TUN whose interface is gone answers (asm-generic/errno.h). */
export const EBADFD = 77;

const names = new Map(Object.entries(koffi.os.errno).map(([name, value]) => [value, name]));

/** "EBUSY" for 16; the number itself when it has no name here. */
export function errnoName(value: number): string {
  return value === EBADFD ? "EBADFD" : (names.get(value) ?? `errno ${value}`);
}
