import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { describeError } from "../../shared/errors.ts";
import { type Io, processIo } from "../io.ts";

const usage = `usage: sssonector doctor [--config FILE] [--json]

Finds why a tunnel does not start or carry traffic, and prints the command that mends it. Changes nothing.

  --config FILE  the configuration; default: where the daemon finds it
  --json         one JSON object

Exit code of the worst finding: 0 nothing to mend, 1 warnings, 2 failures.
`;

/**
 * `sssonector doctor`: the daemon's own program looks, since it alone knows the configuration, the device and the
 * tunnel's protocol; its report and its exit code are the command's.
 */
export async function run(args: readonly string[], io: Io = processIo): Promise<number> {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        config: { type: "string" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
    if (values.help) {
      io.out(usage);
      return 0;
    }
  } catch (error) {
    io.err(`sssonector doctor: ${describeError(error)}\n`);
    return 2;
  }
  const program = fileURLToPath(new URL("../../../bin/sssonectord", import.meta.url));
  const child = spawn(program, ["--diagnose", ...args], { stdio: "inherit" });
  const [code] = (await once(child, "exit")) as [number | null];
  return code ?? 1;
}
