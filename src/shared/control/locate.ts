import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { SssonectorError } from "../errors.ts";

/** Where daemons put their sockets; systemd's RUNTIME_DIRECTORY (its first entry) names another. */
export function runDirectory(env: NodeJS.ProcessEnv = process.env): string {
  return env["RUNTIME_DIRECTORY"]?.split(":")[0] || "/run/sssonector";
}

/**
 * The socket to use: the given one, else the only `*.sock` in the run directory.
 * @throws SssonectorError control_unreachable (none), control_ambiguous (several: it lists them), control_denied
 */
export function locateSocket(given: string | undefined, directory: string = runDirectory()): string {
  if (given !== undefined) return given;
  const found = socketsIn(directory);
  const [only] = found;
  if (only === undefined) throw new SssonectorError("control_unreachable", `no control socket in ${directory}`);
  if (found.length > 1) {
    throw new SssonectorError("control_ambiguous", `several control sockets: ${found.join(", ")}`, {
      next: `name one: --socket ${only}`,
    });
  }
  return only;
}

function socketsIn(directory: string): string[] {
  try {
    const names = readdirSync(directory).filter((name) => name.endsWith(".sock"));
    return names.toSorted().map((name) => join(directory, name));
  } catch (error) {
    if (errno(error) === "EACCES") throw permissionDenied(directory, error);
    return [];
  }
}

/** The error for a socket or directory that this user may not open; says which group may. */
export function permissionDenied(path: string, cause: unknown): SssonectorError {
  const group = owningGroup(path) ?? owningGroup(dirname(path));
  const next =
    group === undefined || group === "root"
      ? "use sudo, or set control.group and join that group"
      : `join group ${group}: sudo usermod -aG ${group} "$USER", then log in again; or use sudo`;
  return new SssonectorError("control_denied", `permission denied on ${path}`, { cause, next });
}

function owningGroup(path: string): string | undefined {
  try {
    const gid = String(statSync(path).gid);
    const lines = readFileSync("/etc/group", "utf8").split("\n");
    return lines.map((line) => line.split(":")).find((fields) => fields[2] === gid)?.[0];
  } catch {
    return undefined;
  }
}

/** The `code` of a system error. */
export function errno(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
