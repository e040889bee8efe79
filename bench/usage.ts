import { readdirSync, readFileSync } from "node:fs";

/** What a process uses, as the kernel counts it. */
export interface Usage {
  /** Private memory (RssAnon). */
  rss_anon_kib: number;
  rss_kib: number;
  /** Seconds of processor time since the start, of all threads. */
  cpu_s: number;
  descriptors: number;
  threads: number;
}

/** Clock ticks a second of /proc/PID/stat (USER_HZ), the same on every Linux that Node runs on. */
const ticksPerSecond = 100;

export function usage(pid: number): Usage {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const kib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]);
  return {
    rss_anon_kib: kib("RssAnon"),
    rss_kib: kib("VmRSS"),
    cpu_s: cpuSeconds(`/proc/${pid}/stat`),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    threads: readdirSync(`/proc/${pid}/task`).length,
  };
}

/** Of a process or a thread, by its stat file. */
export function cpuSeconds(statFile: string): number {
  const stat = readFileSync(statFile, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}
