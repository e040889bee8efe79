import { backendsView, breakersView } from "./backend-views.ts";
import { bucketsView } from "./bucket-views.ts";
import { certificatesView } from "./certificate-views.ts";
import { events } from "./events.ts";
import { health } from "./health.ts";
import { logs } from "./logs.ts";
import { show } from "./read.ts";
import { topTalkersView } from "./top-talkers.ts";
import { servicesView } from "./service-views.ts";
import type { Verb } from "./verb.ts";
import { configView, connectionsView, metricsView, sessionsView, snapshotView, statusView } from "./views.ts";

/** Verbs that show something. */
export const readVerbs: readonly Verb[] = [
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
    does: "links and connections to services, with their rates and round trips",
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
    name: "backends",
    kind: "read",
    does: "what traffic is spread over, with states, weights and load",
    example: "backends --watch",
    run: (context) => show(context, backendsView),
  },
  {
    name: "breakers",
    kind: "read",
    does: "circuit breakers of the backends, why they opened and when they try again",
    example: "breakers",
    run: (context) => show(context, breakersView),
  },
  {
    name: "certificates",
    kind: "read",
    does: "own certificate, CA and revocation list, those of peers, and who is shut out",
    example: "certificates --json",
    run: (context) => show(context, certificatesView),
  },
  {
    name: "services",
    kind: "read",
    does: "published services with their endpoints, connections and errors",
    example: "services --watch",
    run: (context) => show(context, servicesView),
  },
  {
    name: "buckets",
    kind: "read",
    does: "rate limits of the daemon, of identities, sessions and services, and how much of them is used",
    example: "buckets --watch",
    run: (context) => show(context, bucketsView),
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
    name: "top-talkers",
    kind: "read",
    does: "identities, or destinations, by their traffic within the last minute",
    options: ["by"],
    example: "top-talkers --by destination --watch",
    run: (context) => show(context, topTalkersView),
  },
  {
    name: "logs",
    kind: "read",
    does: "the newest lines of the daemon's log, wherever it goes",
    options: ["follow", "since", "level"],
    example: "logs --level warn --follow",
    run: logs,
  },
  {
    name: "metrics",
    kind: "read",
    does: "all metrics in Prometheus' text format",
    example: "metrics",
    run: (context) => show(context, metricsView),
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
];
