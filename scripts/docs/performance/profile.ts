import { table } from "../markdown.ts";
import { amount, shown } from "./claims.ts";
import type { ProfileResult } from "./results.ts";

const method = `A server and a client are put under each load and their data threads sampled (perf; V8's own profiler where perf is
missing, which can't tell the kernel from TLS). In percent of the time in which the thread worked; \`busy\` is that time's share of
the whole. "copies" are those in the process, "Node, libuv and V8" is the runtime without its collector.`;

const mostFunctions = 6;
const longestName = 48;

/** What bench:profile found. */
export function profileText({ tool, seconds, profiles, memory_kib }: ProfileResult): string[] {
  const parts = [...new Set(profiles.flatMap(({ percent }) => Object.keys(percent)))];
  const uses = [...new Set(Object.values(memory_kib).flatMap((one) => Object.keys(one ?? {})))];
  const shares = profiles.map(({ load, end, busy_percent, percent }) => [
    load.replaceAll("_", " "),
    end,
    amount(busy_percent),
    ...parts.map((part) => shown(percent[part] ?? null)),
  ]);
  const functions = profiles.map(({ load, end, top }) => [
    load.replaceAll("_", " "),
    end,
    top
      .slice(0, mostFunctions)
      .map(({ name, percent }) => `\`${name.slice(0, longestName)}\` ${percent}`)
      .join(", "),
  ]);
  const memory = Object.entries(memory_kib).map(([of, kib]) => [
    of,
    ...uses.map((use) => (kib?.[use] === undefined ? "-" : `${amount(kib[use] / 1024)} MiB`)),
  ]);
  return [
    method,
    "",
    `With ${tool}, ${seconds} s each:`,
    "",
    ...table(["Load", "End", "busy", ...parts], shares),
    "",
    "The functions with the most, in percent:",
    "",
    ...table(["Load", "End", "Functions"], functions),
    "",
    "Private memory of the server, by what its mappings are for:",
    "",
    ...table(["Server", ...uses], memory),
  ];
}
