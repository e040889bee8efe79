import { kick, perform, reload, stop } from "./act.ts";
import type { Context } from "./context.ts";
import { events } from "./events.ts";
import { health } from "./health.ts";
import type { OptionName } from "./options.ts";
import { show } from "./read.ts";
import { version } from "./version.ts";
import { configView, connectionsView, sessionsView, snapshotView, statusView } from "./views.ts";
import { wait } from "./wait.ts";

/** A verb of `sssonector ctl`: help and the parser read this table. */
export interface Verb {
  name: string;
  kind: "read" | "act" | "other";
  does: string;
  /** Its argument, when it takes one. */
  argument?: string;
  /** Options beside those of every verb and of its kind. */
  options?: readonly OptionName[];
  example: string;
  run(context: Context): Promise<number>;
}

/** Options that every verb takes, and those of each kind. */
export const everyVerb: readonly OptionName[] = ["socket", "json", "timeout", "help"];
export const ofKind: Readonly<Record<Verb["kind"], readonly OptionName[]>> = {
  read: ["watch", "interval"],
  act: ["dry-run", "yes"],
  other: [],
};

export const verbs: readonly Verb[] = [
  {
    name: "status",
    kind: "read",
    does: "state, traffic, drops and alerts of the daemon",
    example: "status --watch",
    run: (context) => show(context, statusView),
  },
  {
    name: "health",
    kind: "read",
    does: "exit code 0 ok, 1 degraded, 2 critical, 3 unreachable",
    example: "health --timeout 2s",
    run: health,
  },
  {
    name: "connections",
    kind: "read",
    does: "links with their rates and round trips",
    example: "connections --json",
    run: (context) => show(context, connectionsView),
  },
  {
    name: "sessions",
    kind: "read",
    does: "sessions with their inner addresses",
    example: "sessions",
    run: (context) => show(context, sessionsView),
  },
  {
    name: "events",
    kind: "read",
    does: "what happened",
    options: ["follow", "since"],
    example: "events --since 5m --follow",
    run: events,
  },
  {
    name: "config",
    kind: "read",
    does: "every setting in effect, where it comes from, and whether a reload applies it",
    example: "config",
    run: (context) => show(context, configView),
  },
  {
    name: "snapshot",
    kind: "read",
    does: "everything the daemon says about itself, as JSON",
    example: "snapshot --json",
    run: (context) => show(context, snapshotView),
  },
  {
    name: "version",
    kind: "other",
    does: "versions of this command and of the daemon",
    example: "version",
    run: version,
  },
  {
    name: "kick",
    kind: "act",
    does: "close a connection, or a session with its links; the peer may come back",
    argument: "CONNECTION|SESSION",
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
    name: "stop",
    kind: "act",
    does: "stop the daemon gracefully",
    example: "stop --yes",
    run: (context) => perform(context, stop),
  },
  {
    name: "wait",
    kind: "other",
    does: "wait until the daemon is in a state; --timeout is for all of it, default 60s",
    options: ["for"],
    example: "wait --for ready --timeout 30s",
    run: wait,
  },
];

/** The options that a verb takes. */
export function optionsOf(verb: Verb): readonly OptionName[] {
  return [...everyVerb, ...ofKind[verb.kind], ...(verb.options ?? [])];
}
