import { arch, cpus, release, totalmem } from "node:os";

/** What was measured on; stored with every result. */
export function machine(): Record<string, string | number> {
  const processors = cpus();
  return {
    cpu: processors[0]?.model ?? "unknown",
    cores: processors.length,
    architecture: arch(),
    memory_gib: Math.round(totalmem() / 1024 ** 3),
    kernel: release(),
    node: process.version,
  };
}
