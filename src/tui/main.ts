import { systemClock } from "../shared/clock.ts";
import { connectControl } from "../shared/control/client.ts";
import { exitCodeFor } from "../shared/control/exit.ts";
import { locateSocket } from "../shared/control/locate.ts";
import { ownSsh } from "../shared/control/own-ssh.ts";
import { describeError, SssonectorError } from "../shared/errors.ts";
import { asciiGlyphs, unicodeGlyphs } from "./draw/glyphs.ts";
import { colourDepth, painter } from "./draw/paint.ts";
import type { Wire } from "./feed.ts";
import type { Exit } from "./exit.ts";
import { type Options, parseOptions, usage } from "./options.ts";
import { runPlain } from "./plain-session.ts";

/** Milliseconds for connecting and for each answer of the daemon. */
const timeoutMs = 5000;

function ctlFor(options: Options): string {
  return options.socket === undefined ? "sssonector ctl" : `sssonector ctl --socket ${options.socket}`;
}

async function runInk(options: Options, connect: () => Promise<Wire>): Promise<Exit> {
  // React and Ink look at it while they load; in development mode they need 2.5 times the CPU and keep every frame.
  process.env["NODE_ENV"] = "production";
  const { runSession } = await import("./ink/session.tsx");
  const { stdin, stdout, env } = process;
  const glyphs = options.ascii ? asciiGlyphs : unicodeGlyphs;
  const setup = {
    glyphs,
    readOnly: options.readOnly,
    ctl: ctlFor(options),
    recording: false,
    ssh: ownSsh(process.pid),
  };
  const paint = painter(colourDepth(env));
  return await runSession({ stdin, stdout, clock: systemClock, setup, paint, fps: options.fps, connect });
}

async function top(options: Options): Promise<Exit> {
  const socketPath = locateSocket(options.socket);
  const connect = (): Promise<Wire> =>
    connectControl({ socketPath, clientName: "sssonector top", timeoutMs, ssh: ownSsh(process.pid) });
  const terminal = process.stdin.isTTY && process.stdout.isTTY && process.env["TERM"] !== "dumb";
  if (options.plain || !terminal) return await runPlain({ stdout: process.stdout, clock: systemClock, connect });
  return await runInk(options, connect);
}

function failed(error: unknown): number {
  process.stderr.write(`sssonector top: ${describeError(error)}\n`);
  return error instanceof SssonectorError && error.code === "usage" ? 2 : exitCodeFor(error);
}

/** `sssonector top`: runs the console until it is left; returns the exit code. */
export async function run(argv: readonly string[]): Promise<number> {
  try {
    const options = parseOptions(argv);
    if (options.help) {
      process.stdout.write(usage);
      return 0;
    }
    const { code, error } = await top(options);
    return error === undefined ? code : failed(error);
  } catch (error) {
    return failed(error);
  }
}
