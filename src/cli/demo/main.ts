import { parseArgs } from "node:util";
import { describeError } from "../../shared/errors.ts";
import { parseDuration } from "../../shared/units.ts";
import { type Io, processIo } from "../io.ts";
import { Console, hasTerminal } from "./console.ts";
import { oneServer } from "./one-server.ts";
import { Report } from "./report.ts";
import { missingRequirement } from "./requirements.ts";
import type { Story } from "./story.ts";
import { twoServers } from "./two-servers.ts";

const usage = `usage: sssonector demo [--servers 2] [--duration 30s] [--plain]

Makes network namespaces, a certificate authority, two servers, a client and a service, and sends real traffic through
real TUN devices. Kills the server in use in the middle of a transfer, starts it again, and drains the other one under
two more. With --servers 1: kills the only server and starts it again. On a terminal \`top\` shows the client meanwhile,
unless --plain; what happened is told at the end. Leaves nothing behind. Needs root.
`;

const shortestDurationMillis = 15_000;

interface Options {
  readonly help: boolean;
  readonly plain: boolean;
  readonly durationMillis: number;
  readonly story: (prefix: string, report: Report) => Promise<Story>;
}

const stories = new Map([
  ["1", oneServer],
  ["2", twoServers],
]);

/** @throws Error that says what makes no sense */
function optionsOf(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      servers: { type: "string", default: "2" },
      duration: { type: "string", default: "30s" },
      plain: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const story = stories.get(values.servers);
  if (story === undefined) throw new Error("--servers takes 1 or 2");
  const durationMillis = parseDuration(values.duration);
  if (durationMillis === undefined || durationMillis < shortestDurationMillis)
    throw new Error("--duration takes a time of at least 15s");
  return { help: values.help, plain: values.plain, durationMillis, story };
}

/** Rejects at the first SIGINT or SIGTERM; later ones are ignored while things are put away. */
async function interruption(): Promise<never> {
  return await new Promise((_resolve, reject) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.on(signal, () => reject(new Error(`stopped by ${signal}`)));
    }
  });
}

/** Tells the story; on a terminal the console has it meanwhile, until the story or its user ends it. */
async function told(story: Story, { plain, durationMillis }: Options, report: Report): Promise<boolean> {
  await using consoles = new AsyncDisposableStack();
  const show = (): void => {
    if (plain || consoles.disposed || !hasTerminal()) return;
    report.hold();
    void consoles.use(new Console(story.client.socket)).exited.then(() => report.release());
  };
  return await story.tell(durationMillis / 1000, show);
}

async function perform(options: Options, io: Io): Promise<boolean> {
  const report = new Report(io);
  const interrupted = interruption();
  interrupted.catch(() => undefined);
  const held = await (async () => {
    const story = await options.story("sssdemo", report);
    await using _ = story.stage;
    const telling = told(story, options, report);
    telling.catch(() => undefined);
    return await Promise.race([telling, interrupted]);
  })();
  report.say("daemons stopped; namespaces and files removed");
  return held;
}

/** `sssonector demo …`; returns the exit code: 0 all of it held, 1 something did not or is missing, 2 bad usage. */
export async function run(args: readonly string[], io: Io = processIo): Promise<number> {
  let options: Options;
  try {
    options = optionsOf(args);
  } catch (error) {
    io.err(`sssonector demo: ${describeError(error)}\n${usage}`);
    return 2;
  }
  if (options.help) {
    io.out(usage);
    return 0;
  }
  const missing = await missingRequirement();
  if (missing !== undefined) {
    io.err(`sssonector demo: ${missing}\n`);
    return 1;
  }
  try {
    return (await perform(options, io)) ? 0 : 1;
  } catch (error) {
    io.err(`sssonector demo: ${describeError(error)}\n`);
    return 1;
  }
}
