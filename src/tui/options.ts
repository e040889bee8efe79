import { parseArgs } from "node:util";
import { SssonectorError } from "../shared/errors.ts";

export interface Options {
  readonly socket: string | undefined;
  readonly url: string | undefined;
  readonly tokenFile: string | undefined;
  /** A recording to show in a daemon's place. */
  readonly replay: string | undefined;
  readonly readOnly: boolean;
  readonly plain: boolean;
  readonly ascii: boolean;
  /** Frames a second, at most. */
  readonly fps: number;
  readonly help: boolean;
}

export const usage = `usage: sssonector top [--socket PATH | --url URL | --replay FILE] [--read-only] [--plain] [--ascii] [--fps N]

  --socket PATH  control socket of the daemon; without it, the only one in the run directory
  --replay FILE  show a recording of sssonector ctl record, or a bundle of this console
  --url URL      control.tcp of the daemon in place of a socket, as in ws://127.0.0.1:7433
  --token-file FILE  file with the token for --url; without it, the token in SSSONECTOR_TOKEN
  --read-only    no actions
  --plain        one line per change, for pipes and screen readers; also when the output is no terminal
  --ascii        no box, block and braille signs
  --fps N        frames a second at most, 1 to 30 (10)
  --help

Keys: ? in the console. Colours: none with NO_COLOR set.
`;

const fpsRange = { least: 1, most: 30, default: 10 };

function parseFps(text: string | undefined): number {
  if (text === undefined) return fpsRange.default;
  const fps = Number(text);
  if (Number.isInteger(fps) && fps >= fpsRange.least && fps <= fpsRange.most) return fps;
  throw new SssonectorError("usage", `--fps must be a whole number from 1 to 30 (got ${JSON.stringify(text)})`);
}

/** @throws SssonectorError usage */
export function parseOptions(argv: readonly string[]): Options {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        socket: { type: "string" },
        url: { type: "string" },
        "token-file": { type: "string" },
        replay: { type: "string" },
        "read-only": { type: "boolean", default: false },
        plain: { type: "boolean", default: false },
        ascii: { type: "boolean", default: false },
        fps: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    return {
      socket: values.socket,
      url: values.url,
      tokenFile: values["token-file"],
      replay: values.replay,
      readOnly: values["read-only"],
      plain: values.plain,
      ascii: values.ascii,
      fps: parseFps(values.fps),
      help: values.help,
    };
  } catch (error) {
    if (error instanceof SssonectorError) throw error;
    throw new SssonectorError("usage", error instanceof Error ? error.message : String(error), { cause: error });
  }
}
