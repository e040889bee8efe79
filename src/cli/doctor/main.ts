import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/**
 * `sssonector doctor`: the daemon's own program looks, since it alone knows the configuration, the device and the
 * tunnel's protocol; its report and its exit code are the command's.
 */
export async function run(args: readonly string[]): Promise<number> {
  const program = fileURLToPath(new URL("../../../bin/sssonectord", import.meta.url));
  const child = spawn(program, ["--diagnose", ...args], { stdio: "inherit" });
  const [code] = (await once(child, "exit")) as [number | null];
  return code ?? 1;
}
