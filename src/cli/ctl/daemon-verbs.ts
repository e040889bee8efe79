import { confirm, kick, logLevel, perform, reload, stop, undo } from "./act.ts";
import type { Verb } from "./verb.ts";

/** Verbs that act on the daemon, its connections and sessions. */
export const daemonVerbs: readonly Verb[] = [
  {
    name: "kick",
    kind: "act",
    does: "close a connection, or a session with its links; the peer may come back",
    arguments: ["CONNECTION|SESSION"],
    options: ["reason", "accept-risk"],
    example: 'kick c17 --reason "moved to be-2"',
    run: (context) => perform(context, kick),
  },
  {
    name: "reload",
    kind: "act",
    does: "read the configuration again and apply what can change live",
    example: "reload --dry-run",
    run: (context) => perform(context, reload),
  },
  {
    name: "log-level",
    kind: "act",
    does: "log from this level on, until the next reload",
    arguments: ["LEVEL"],
    example: "log-level debug",
    run: (context) => perform(context, logLevel),
  },
  {
    name: "confirm",
    kind: "act",
    does: "keep your changes that would revert by themselves",
    example: "confirm",
    run: (context) => perform(context, confirm),
  },
  {
    name: "undo",
    kind: "act",
    does: "take back your last change of a weight, a backend, a breaker or the deny list",
    options: ["accept-risk"],
    example: "undo --dry-run",
    run: (context) => perform(context, undo),
  },
  {
    name: "stop",
    kind: "act",
    does: "stop the daemon gracefully",
    options: ["accept-risk"],
    example: "stop --yes",
    run: (context) => perform(context, stop),
  },
];
