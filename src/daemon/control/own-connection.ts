import type { SshConnection } from "../../shared/control/protocol.ts";
import type { Connection, Snapshot } from "../../shared/control/snapshot.ts";
import type { ActionCall } from "./action-call.ts";

/**
 * The connections that a user's ssh connection goes through: on a server those of the session that it comes from, on a
 * client all of them when it was reached by its inner address.
 */
export function ownConnections({ connections, status }: Snapshot, ssh: SshConnection): Connection[] {
  const reached = status.mode === "client" && status.inner.some((address) => bare(address) === ssh.local);
  return connections.filter(({ inner }) => reached || inner.some((address) => bare(address) === ssh.peer));
}

/** Whether an action would cut the connection that its user works through. */
export function cutsOwn(call: ActionCall, snapshot: Snapshot, ssh: SshConnection | null | undefined): boolean {
  if (ssh === null || ssh === undefined) return false;
  const own = ownConnections(snapshot, ssh);
  switch (call.method) {
    case "kick":
      return own.some(({ id, session }) => id === call.params.target || session === call.params.target);
    case "revoke":
      return own.some(({ identity }) => identity === call.params.identity);
    case "stop":
      return own.length > 0;
    case "maint":
      return own.some(({ backend }) => backend === call.params.backend);
    case "reload":
    case "rotate":
    case "allow":
    case "drain":
    case "ready":
    case "set_weight":
    case "reset_breaker":
    case "open_breaker":
    case "close_breaker":
      return false;
  }
}

function bare(address: string): string {
  return address.split("/")[0] ?? address;
}
