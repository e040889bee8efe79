import { readFileSync, statSync } from "node:fs";
import { SssonectorError } from "../errors.ts";
import { locateSocket, runDirectory } from "./locate.ts";

/** Where a daemon's control channel is. */
export type ControlAddress =
  | { readonly socketPath: string }
  | {
      /** `ws://127.0.0.1:7433` */
      readonly url: string;
      readonly token: string;
    };

/** What the command line says of it. */
export interface AddressOptions {
  readonly socket: string | undefined;
  readonly url: string | undefined;
  readonly tokenFile: string | undefined;
}

/** Holds the token for --url when --token-file is not given. */
export const tokenVariable = "SSSONECTOR_TOKEN";

/**
 * The address that the options name, else the only socket in the run directory.
 * @throws SssonectorError usage, control_denied (no token), and those of locateSocket
 */
export function controlAddress({ socket, url, tokenFile }: AddressOptions, env: NodeJS.ProcessEnv): ControlAddress {
  if (url === undefined) {
    if (tokenFile !== undefined) throw new SssonectorError("usage", "--token-file goes with --url");
    return { socketPath: locateSocket(socket, runDirectory(env)) };
  }
  if (socket !== undefined) throw new SssonectorError("usage", "give --socket or --url, not both");
  return { url: checkedUrl(url), token: tokenOf(tokenFile, env) };
}

/** The token goes out in the clear, so it must not leave this host. */
function checkedUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const local = url !== undefined && /^(?:127(?:\.\d{1,3}){3}|\[::1\])$/.test(url.hostname);
  if (url?.protocol === "ws:" && local && url.port !== "" && url.username === "") return url.href;
  throw new SssonectorError(
    "usage",
    `--url wants ws://127.0.0.1:PORT or ws://[::1]:PORT (got ${JSON.stringify(text)})`,
    {
      next: "to reach another host: ssh -L 7433:127.0.0.1:7433 HOST",
    },
  );
}

function tokenOf(file: string | undefined, env: NodeJS.ProcessEnv): string {
  const token = file === undefined ? env[tokenVariable] : tokenIn(file);
  if (token !== undefined && /^[!-~]+$/.test(token)) return token;
  throw new SssonectorError("control_denied", "--url needs a token", {
    next: `give --token-file FILE, or set ${tokenVariable}`,
  });
}

/** The last word of the file's first line that is no comment: a token alone, or a line as the daemon's file has it. */
function tokenIn(file: string): string | undefined {
  try {
    if ((statSync(file).mode & 0o077) !== 0) {
      throw new SssonectorError("control_denied", `${file} can be read by others`, { next: `chmod 600 ${file}` });
    }
    const lines = readFileSync(file, "utf8").split("\n");
    const line = lines.find((one) => one.trim() !== "" && !one.startsWith("#"));
    return line?.trim().split(/\s+/).at(-1);
  } catch (error) {
    if (error instanceof SssonectorError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new SssonectorError("control_denied", `can't read --token-file: ${reason}`, {
      cause: error,
      next: "check the path and its permissions",
    });
  }
}
