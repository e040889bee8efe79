import { systemClock } from "../shared/clock.ts";
import { controlAddress } from "../shared/control/address.ts";
import { connectControl } from "../shared/control/client.ts";
import { exitCodeFor } from "../shared/control/exit.ts";
import { ownSsh } from "../shared/control/own-ssh.ts";
import { describeError, SssonectorError } from "../shared/errors.ts";
import { asciiGlyphs, unicodeGlyphs } from "./draw/glyphs.ts";
import { colourDepth } from "./draw/paint.ts";
import type { Wire } from "./feed.ts";
import type { Exit } from "./exit.ts";
import { lightImports } from "./ink/light-imports.ts";
import { type Options, parseOptions, usage } from "./options.ts";
import type { Setup } from "./model/state.ts";
import { runPlain } from "./plain-session.ts";
import { loadPreferences, type Preferences, preferencesFile, savePreferences } from "./preferences.ts";
import { Recording } from "./replay/recording.ts";
import { ReplayWire } from "./replay/wire.ts";

/** Milliseconds for connecting and for each answer of the daemon. */
const timeoutMs = 5000;

/** What ctl wants to be told of where this console's daemon is. */
function placeOf({ socket, url, tokenFile }: Options): string[] {
  if (url !== undefined) return ["--url", url, ...(tokenFile === undefined ? [] : ["--token-file", tokenFile])];
  return socket === undefined ? [] : ["--socket", socket];
}

/** Where the console's data comes from. */
interface Source {
  readonly connect: () => Promise<Wire>;
  readonly recording: Setup["recording"];
}

function daemonSource(options: Options): Source {
  const address = controlAddress(options, process.env);
  const connect = (): Promise<Wire> =>
    connectControl({ ...address, clientName: "sssonector top", timeoutMs, ssh: ownSsh(process.pid) });
  return { connect, recording: undefined };
}

function replaySource(path: string): Source {
  const recording = Recording.load(path);
  const connect = (): Promise<Wire> => Promise.resolve(new ReplayWire(recording, systemClock));
  return { connect, recording: { to_ms: recording.timeOf(recording.length - 1) } };
}

/** Connects while Ink loads: what is asked for first has begun already. */
function started(connect: () => Promise<Wire>): () => Promise<Wire> {
  let first: Promise<Wire> | undefined = connect();
  // Whoever asks for it is told.
  first.catch(() => undefined);
  return () => {
    const begun = first;
    first = undefined;
    return begun ?? connect();
  };
}

async function sessionModule(): Promise<typeof import("./ink/session.tsx")> {
  using _light = lightImports();
  return await import("./ink/session.tsx");
}

async function runInk(options: Options, { connect, recording }: Source): Promise<Exit> {
  // React and Ink look at it while they load; in development mode they need 2.5 times the CPU and keep every frame.
  process.env["NODE_ENV"] = "production";
  const early = started(connect);
  const { runSession } = await sessionModule();
  const { stdin, stdout, env } = process;
  const glyphs = options.ascii ? asciiGlyphs : unicodeGlyphs;
  const ssh = recording === undefined ? ownSsh(process.pid) : null;
  const file = preferencesFile(env);
  const preferences = loadPreferences(file);
  const { keys } = preferences;
  const place = placeOf(options);
  const setup = {
    glyphs,
    readOnly: options.readOnly,
    ctl: ["sssonector ctl", ...place].join(" "),
    recording,
    ssh,
    keys,
  };
  const remember = (newer: Preferences): void => {
    if (JSON.stringify(newer) !== JSON.stringify(preferences)) savePreferences(file, newer);
  };
  const ask = async (verb: string): Promise<readonly string[]> =>
    await (await import("./ctl-text.ts")).ctlText([verb, ...place]);
  const { fps } = options;
  const screen = { stdin, stdout, clock: systemClock, depth: colourDepth(env), fps };
  return await runSession({ ...screen, setup, connect: early, ask, preferences, remember, folder: process.cwd() });
}

async function top(options: Options): Promise<Exit> {
  const source = options.replay === undefined ? daemonSource(options) : replaySource(options.replay);
  const terminal = process.stdin.isTTY && process.stdout.isTTY && process.env["TERM"] !== "dumb";
  if (!options.plain && terminal) return await runInk(options, source);
  return await runPlain({ stdout: process.stdout, clock: systemClock, connect: source.connect });
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
