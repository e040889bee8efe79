import { fileURLToPath } from "node:url";
import type { Namespace } from "../../../src/cli/demo/namespace.ts";
import type { Running } from "../../../src/cli/demo/running.ts";

function argv(script: string, args: readonly (string | number)[]): string[] {
  const file = fileURLToPath(new URL(`./traffic/${script}.ts`, import.meta.url));
  return [process.execPath, file, ...args.map(String)];
}

/** Runs one of harness/traffic's scripts inside to its end; the result is its last line, decoded. */
export async function traffic<T>(namespace: Namespace, script: string, ...args: (string | number)[]): Promise<T> {
  return lastLine(await namespace.run(...argv(script, args))) as T;
}

/** Starts one of harness/traffic's scripts inside and waits for the line that says it is at work. */
export async function startTraffic(
  namespace: Namespace,
  script: string,
  ...args: (string | number)[]
): Promise<Running> {
  const running = namespace.start(script, argv(script, args));
  await running.line(/^(?:listening|capturing|connected)$/m);
  return running;
}

/** Ends a script that prints its findings on SIGTERM. */
export async function findings<T>(running: Running): Promise<T> {
  await running.end("SIGTERM");
  return lastLine(running.stdout) as T;
}

function lastLine(output: string): unknown {
  return JSON.parse(output.trimEnd().split("\n").at(-1) ?? "");
}

export interface PingResult {
  sent: number;
  received: number;
  median_ms: number | null;
}

/** Echo requests with `size` bytes of body; each reply must bring the same bytes back. */
export async function ping(from: Namespace, address: string, count = 5, size = 56): Promise<PingResult> {
  return await traffic<PingResult>(from, "ping", address, count, size);
}
