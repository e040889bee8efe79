import { readFileSync } from "node:fs";
import type { SshConnection } from "./protocol.ts";
import type { Connection, Snapshot } from "./snapshot.ts";

/** What of a process the search looks at; undefined when it can't be read. */
export interface ProcessView {
  parent: number;
  environment: string;
}

/**
 * The ssh connection that a process works through: SSH_CONNECTION of the nearest of it and its ancestors that has one,
 * since sudo strips it. null: none of them has one; undefined: one could not be read, so it is not known.
 */
export function ownSsh(
  pid: number,
  read: (pid: number) => ProcessView | undefined = readProcess,
): SshConnection | null | undefined {
  for (let at = pid; at > 1; ) {
    const view = read(at);
    if (view === undefined) return undefined;
    const found = sshConnection(view.environment);
    if (found !== undefined) return found;
    at = view.parent;
  }
  return null;
}

function sshConnection(environment: string): SshConnection | undefined {
  const value = environment.split("\0").find((entry) => entry.startsWith("SSH_CONNECTION="));
  const [peer = "", , local = ""] = value?.slice("SSH_CONNECTION=".length).split(" ") ?? [];
  return isAddress(peer) && isAddress(local) ? { peer, local } : undefined;
}

function isAddress(text: string): boolean {
  return /^[0-9a-fA-F:.%\w]{2,45}$/.test(text);
}

function readProcess(pid: number): ProcessView | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name before it may hold anything, brackets too.
    const [, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { parent: Number(parent), environment: readFileSync(`/proc/${pid}/environ`, "utf8") };
  } catch {
    return undefined;
  }
}

/**
 * The connections that a user's ssh connection goes through: on a server those of the session that it comes from, on a
 * client all of them when it was reached by its inner address.
 */
export function ownConnections(
  { connections, status }: Pick<Snapshot, "connections" | "status">,
  ssh: SshConnection,
): Connection[] {
  const reached = status.mode === "client" && status.inner.some((address) => bare(address) === ssh.local);
  return connections.filter(({ inner }) => reached || inner.some((address) => bare(address) === ssh.peer));
}

function bare(address: string): string {
  return address.split("/")[0] ?? address;
}
