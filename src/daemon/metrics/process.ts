import { readdirSync, readFileSync } from "node:fs";
import { totalmem } from "node:os";

/** What the process uses; null where /proc does not say. */
export interface ProcessFigures {
  /** User and system time of all threads. */
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly privateBytes: number | null;
  readonly heapBytes: number;
  readonly openDescriptors: number | null;
  readonly mostDescriptors: number | null;
  /** The service's memory limit. */
  readonly mostMemoryBytes: number | null;
}

export function readProcess(): ProcessFigures {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  const kilobytes = field("/proc/self/status", /^RssAnon:\s+(\d+) kB/m);
  return {
    cpuSeconds: (user + system) / 1e6,
    residentBytes: rss,
    privateBytes: kilobytes === null ? null : kilobytes * 1024,
    heapBytes: heapUsed,
    openDescriptors: descriptors(),
    mostDescriptors: field("/proc/self/limits", /^Max open files\s+(\d+)/m),
    mostMemoryBytes: memoryLimit(),
  };
}

/** Without a limit the kernel's answer is more than the machine has. */
function memoryLimit(): number | null {
  const limit = process.constrainedMemory();
  return limit > 0 && limit < totalmem() ? limit : null;
}

function field(file: string, pattern: RegExp): number | null {
  try {
    const found = pattern.exec(readFileSync(file, "utf8"));
    return found === null ? null : Number(found[1]);
  } catch {
    return null;
  }
}

function descriptors(): number | null {
  try {
    // One is that of the directory that is read.
    return readdirSync("/proc/self/fd").length - 1;
  } catch {
    return null;
  }
}
