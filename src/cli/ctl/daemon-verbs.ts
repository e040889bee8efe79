import type { Verb } from "./verb.ts";

const acts = () => import("./daemon-acts.ts");

/** Verbs that act on the daemon, its connections and sessions. */
export const daemonVerbs: readonly Verb[] = [
  {
    name: "kick",
    kind: "act",
    does: "close a connection, or a session with its links; the peer may come back",
    arguments: ["CONNECTION|SESSION"],
    options: ["reason", "accept-risk"],
    example: 'kick c17 --reason "moved to be-2"',
    run: async (context) => (await acts()).kick(context),
  },
  {
    name: "reload",
    kind: "act",
    does: "read the configuration again and apply what can change live",
    example: "reload --dry-run",
    run: async (context) => (await acts()).reload(context),
  },
  {
    name: "log-level",
    kind: "act",
    does: "log from this level on, until the next reload",
    arguments: ["LEVEL"],
    example: "log-level debug",
    run: async (context) => (await acts()).logLevel(context),
  },
  {
    name: "confirm",
    kind: "act",
    does: "keep your changes that would revert by themselves",
    example: "confirm",
    run: async (context) => (await acts()).confirm(context),
  },
  {
    name: "undo",
    kind: "act",
    does: "take back your last change of a weight, a backend, a breaker or the deny list",
    options: ["accept-risk"],
    example: "undo --dry-run",
    run: async (context) => (await acts()).undo(context),
  },
  {
    name: "stop",
    kind: "act",
    does: "stop the daemon gracefully",
    options: ["accept-risk"],
    example: "stop --yes",
    run: async (context) => (await acts()).stop(context),
  },
];
