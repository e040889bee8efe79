import { ownVersion } from "../own-version.ts";
import { type Context, printJson } from "./context.ts";

/**
 * Prints the versions of this command and of the daemon.
 * @throws SssonectorError control_*, after this command's own version is printed
 */
export async function version(context: Context): Promise<number> {
  const { terminal, options } = context;
  const own = ownVersion();
  if (!options.json) terminal.out(`sssonector  ${own}\n`);
  using client = await context.connect();
  const { name, daemon_version: daemon, pid, version: protocol } = client.daemon;
  if (options.json) printJson(terminal, { version: own, daemon: { name, version: daemon, pid, protocol } });
  else terminal.out(`sssonectord ${daemon} (${name}, pid ${pid}, control protocol ${protocol})\n`);
  return 0;
}
