import koffi from "koffi";
import { madvise, pageSize } from "./libc.ts";

/** Memory outside the JavaScript heap, for system calls: it never moves and lives as long as this object. */
export interface Memory {
  readonly bytes: Buffer;
  /** Address of the first byte. */
  readonly address: number;
}

/** V8 keeps typed arrays up to this size inside its heap, where the collector moves them. */
const smallestOffHeap = 65;

/** Memory of `size` bytes filled with zeros. Keep the object while its address is in use. */
export function allocateMemory(size: number): Memory {
  const whole = Buffer.allocUnsafeSlow(Math.max(size, smallestOffHeap)).fill(0);
  const address = Number(koffi.address(whole));
  if (!Number.isSafeInteger(address)) throw new Error("memory lies above what a number can address");
  return { bytes: whole.length === size ? whole : whole.subarray(0, size), address };
}

/** linux/mman.h: the pages are the kernel's again; who reads them next finds zeros. */
const dontNeed = 4;

/** Gives the memory's pages back at once: the collector would free it whenever there is other work for it. */
export function releaseMemory({ address, bytes }: Memory): void {
  const page = pageSize();
  const first = Math.ceil(address / page) * page;
  const end = Math.floor((address + bytes.length) / page) * page;
  if (end > first) madvise(first, end - first, dontNeed);
}
