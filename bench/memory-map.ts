import { readFileSync } from "node:fs";

/** glibc's arenas begin at multiples of this. */
const arenaBytes = 64n * 1024n * 1024n;
/** V8 asks for random addresses below where the kernel puts mappings by itself. */
const kernelsOwn = 0x7e00_0000_0000n;

/** Private memory of a process in KiB by what it is for, as far as its mappings tell. */
export function memoryByUse(pid: number): Record<string, number> {
  const kib: Record<string, number> = {};
  let use = "";
  for (const line of readFileSync(`/proc/${pid}/smaps`, "utf8").split("\n")) {
    const mapping = /^([0-9a-f]+)-[0-9a-f]+ \S+ \S+ \S+ \S+\s*(.*)$/.exec(line);
    if (mapping !== null) use = useOf(BigInt(`0x${mapping[1]}`), mapping[2] ?? "");
    const found = /^Anonymous:\s+(\d+) kB$/.exec(line);
    if (found !== null && found[1] !== "0") kib[use] = (kib[use] ?? 0) + Number(found[1]);
  }
  return kib;
}

function useOf(start: bigint, name: string): string {
  if (name === "[heap]" || (name === "" && start >= kernelsOwn && start % arenaBytes === 0n))
    return "allocated natively: TLS, sockets, the runtime";
  if (name !== "") return "data of programs and libraries";
  return start < kernelsOwn ? "V8's heaps and code" : "buffers, stacks and the rest";
}
