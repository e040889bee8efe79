import { chmodSync, chownSync, lstatSync, mkdirSync, type Stats, unlinkSync } from "node:fs";
import { connect, type Server } from "node:net";
import { dirname } from "node:path";
import { SssonectorError } from "../../shared/errors.ts";

const socketMode = 0o660;
const directoryMode = 0o750;

/**
 * Listens on a unix socket: mode 0660, its directory made with 0750 when missing, both of group `gid` when given. The
 * socket of a process that is gone is replaced.
 * @throws SssonectorError control_busy: another process listens there; control_socket: it can't be made
 */
export async function listenUnix(server: Server, path: string, gid: number | undefined): Promise<void> {
  try {
    makeDirectory(dirname(path), gid);
    await removeStale(path);
    await bind(server, path);
    chmodSync(path, socketMode);
    if (gid !== undefined) chownSync(path, -1, gid);
  } catch (error) {
    if (error instanceof SssonectorError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new SssonectorError("control_socket", `can't listen on ${path}: ${reason}`, { cause: error });
  }
}

function makeDirectory(path: string, gid: number | undefined): void {
  const first = mkdirSync(path, { recursive: true, mode: directoryMode });
  if (first === undefined) return;
  chmodSync(path, directoryMode);
  if (gid !== undefined) chownSync(path, -1, gid);
}

async function removeStale(path: string): Promise<void> {
  const found = statOf(path);
  if (found === undefined) return;
  if (!found.isSocket()) throw new SssonectorError("control_busy", `${path} exists and is no socket`);
  if (await answers(path)) throw new SssonectorError("control_busy", `another daemon answers on ${path}`);
  // Another daemon that starts at this moment may have replaced it.
  if (statOf(path)?.ino === found.ino) unlinkSync(path);
}

function statOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

/** Whether a process listens; a socket that can't be asked counts as one that is listened on. */
function answers(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const probe = connect(path);
  probe.once("connect", () => {
    probe.destroy();
    resolve(true);
  });
  probe.once("error", (error: NodeJS.ErrnoException) =>
    resolve(error.code !== "ECONNREFUSED" && error.code !== "ENOENT"),
  );
  return promise;
}

function bind(server: Server, path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const failed = (error: NodeJS.ErrnoException): void => {
    const busy = error.code === "EADDRINUSE";
    reject(busy ? new SssonectorError("control_busy", `another daemon answers on ${path}`, { cause: error }) : error);
  };
  server.once("error", failed);
  server.listen(path, () => {
    server.off("error", failed);
    resolve();
  });
  return promise;
}
