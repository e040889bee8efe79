import { kick, logLevel, perform, reload, stop } from "./act.ts";
import type { Verb } from "./verb.ts";

/** Verbs that act on the daemon, its connections and sessions. */
export const daemonVerbs: readonly Verb[] = [
  {
    name: "kick",
    kind: "act",
    does: "close a connection, or a session with its links; the peer may come back",
    arguments: ["CONNECTION|SESSION"],
    options: ["reason"],
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
    name: "stop",
    kind: "act",
    does: "stop the daemon gracefully",
    example: "stop --yes",
    run: (context) => perform(context, stop),
  },
];
