import type { SshConnection } from "../../shared/control/protocol.ts";
import { ownConnections } from "../../shared/control/own-ssh.ts";
import type { Snapshot } from "../../shared/control/snapshot.ts";
import type { ActionCall } from "./action-call.ts";

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
    case "log_level":
    case "allow":
    case "drain":
    case "ready":
    case "set_weight":
    case "set_rate":
    case "reset_breaker":
    case "open_breaker":
    case "close_breaker":
      return false;
  }
}
