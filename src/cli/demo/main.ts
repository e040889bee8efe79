import { parseArgs } from "node:util";
import { describeError } from "../../shared/errors.ts";
import { parseDuration } from "../../shared/units.ts";
import { type Io, processIo } from "../io.ts";
import { Lab } from "./lab.ts";
import { Report } from "./report.ts";
import { missingRequirement } from "./requirements.ts";
import { tell } from "./story.ts";

const usage = `usage: sssonector demo [--duration 30s]

Makes two network namespaces, a certificate authority, a server, a client and a service, sends real traffic through
real TUN devices, kills the server in the middle of a transfer and starts it again. Leaves nothing behind. Needs root.
`;

const defaultDuration = "30s";
const shortestDurationMillis = 15_000;

/** Milliseconds of --duration; undefined when the arguments make no sense; "help" when help is asked for. */
function durationOf(args: readonly string[]): number | "help" | undefined {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { duration: { type: "string", default: defaultDuration }, help: { type: "boolean", short: "h" } },
    });
    if (values.help === true) return "help";
    const duration = parseDuration(values.duration);
    return duration === undefined || duration < shortestDurationMillis ? undefined : duration;
  } catch {
    return undefined;
  }
}

/** Rejects at the first SIGINT or SIGTERM; later ones are ignored while things are put away. */
async function interruption(): Promise<never> {
  return await new Promise((_resolve, reject) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.on(signal, () => reject(new Error(`stopped by ${signal}`)));
    }
  });
}

async function show(durationMillis: number, io: Io): Promise<boolean> {
  const report = new Report(io);
  const interrupted = interruption();
  interrupted.catch(() => undefined);
  const held = await (async () => {
    await using lab = await Lab.create("sssdemo");
    const told = tell(lab, durationMillis / 1000, report);
    told.catch(() => undefined);
    return await Promise.race([told, interrupted]);
  })();
  report.say("daemons stopped; namespaces and files removed");
  return held;
}

/** `sssonector demo …`; returns the exit code: 0 all of it held, 1 something did not or is missing, 2 bad usage. */
export async function run(args: readonly string[], io: Io = processIo): Promise<number> {
  const duration = durationOf(args);
  if (duration === "help") {
    io.out(usage);
    return 0;
  }
  if (duration === undefined) {
    io.err(`sssonector demo: --duration takes a time of at least 15s\n${usage}`);
    return 2;
  }
  const missing = await missingRequirement();
  if (missing !== undefined) {
    io.err(`sssonector demo: ${missing}\n`);
    return 1;
  }
  try {
    return (await show(duration, io)) ? 0 : 1;
  } catch (error) {
    io.err(`sssonector demo: ${describeError(error)}\n`);
    return 1;
  }
}
