import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { type Shares, sharesOf } from "./profile-result.ts";

interface CpuProfile {
  nodes: { id: number; callFrame: { functionName: string; url: string } }[];
  samples: number[];
  timeDeltas: number[];
}

/** The profile that a process wrote of its data thread when it ended; main threads are 0. */
export function cpuProfileShares(directory: string, pid: number): Shares {
  const file = readdirSync(directory).find((name) => name.split(".")[3] === String(pid) && name.split(".")[4] !== "0");
  if (file === undefined) throw new Error(`process ${pid} wrote no profile of its data thread`);
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(path.join(directory, file), "utf8")) as CpuProfile;
  const byId = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const found = new Map<string, { part: string; count: number }>();
  let whole = 0;
  samples.forEach((id, index) => {
    const micros = timeDeltas[index] ?? 0;
    whole += micros;
    const { functionName = "", url = "" } = byId.get(id) ?? {};
    if (functionName === "(idle)") return;
    const known = found.get(functionName);
    if (known !== undefined) known.count += micros;
    else found.set(functionName, { part: partOf(functionName, url), count: micros });
  });
  return sharesOf(found, whole);
}

function partOf(functionName: string, url: string): string {
  if (functionName === "(garbage collector)") return "collector";
  if (functionName === "(program)" || url === "") return "kernel, TLS, copies and the runtime";
  return "JavaScript";
}
