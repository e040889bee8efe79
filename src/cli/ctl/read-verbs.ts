import { show } from "./read.ts";
import type { Verb } from "./verb.ts";

const views = () => import("./views.ts");
const backends = () => import("./backend-views.ts");

/** Verbs that show something; each loads what it needs when it runs, since the command has to start in milliseconds. */
export const readVerbs: readonly Verb[] = [
  {
    name: "status",
    kind: "read",
    does: "state, traffic, drops and alerts of the daemon",
    example: "status --watch",
    run: async (context) => show(context, (await views()).statusView),
  },
  {
    name: "health",
    kind: "read",
    does: "exit code 0 ok, 1 degraded, 2 critical, 3 unreachable",
    example: "health --timeout 2s",
    run: async (context) => (await import("./health.ts")).health(context),
  },
  {
    name: "connections",
    kind: "read",
    does: "links and connections to services, with their rates and round trips",
    example: "connections --json",
    run: async (context) => show(context, (await views()).connectionsView),
  },
  {
    name: "sessions",
    kind: "read",
    does: "sessions with their inner addresses",
    example: "sessions",
    run: async (context) => show(context, (await views()).sessionsView),
  },
  {
    name: "backends",
    kind: "read",
    does: "what traffic is spread over, with states, weights and load",
    example: "backends --watch",
    run: async (context) => show(context, (await backends()).backendsView),
  },
  {
    name: "breakers",
    kind: "read",
    does: "circuit breakers of the backends, why they opened and when they try again",
    example: "breakers",
    run: async (context) => show(context, (await backends()).breakersView),
  },
  {
    name: "certificates",
    kind: "read",
    does: "own certificate, CA and revocation list, those of peers, and who is shut out",
    example: "certificates --json",
    run: async (context) => show(context, (await import("./certificate-views.ts")).certificatesView),
  },
  {
    name: "services",
    kind: "read",
    does: "published services with their endpoints, connections and errors",
    example: "services --watch",
    run: async (context) => show(context, (await import("./service-views.ts")).servicesView),
  },
  {
    name: "buckets",
    kind: "read",
    does: "rate limits of the daemon, of identities, sessions and services, and how much of them is used",
    example: "buckets --watch",
    run: async (context) => show(context, (await import("./bucket-views.ts")).bucketsView),
  },
  {
    name: "events",
    kind: "read",
    does: "what happened",
    options: ["follow", "since"],
    example: "events --since 5m --follow",
    run: async (context) => (await import("./events.ts")).events(context),
  },
  {
    name: "top-talkers",
    kind: "read",
    does: "identities, or destinations, by their traffic within the last minute",
    options: ["by"],
    example: "top-talkers --by destination --watch",
    run: async (context) => show(context, (await import("./top-talkers.ts")).topTalkersView),
  },
  {
    name: "logs",
    kind: "read",
    does: "the newest lines of the daemon's log, wherever it goes",
    options: ["follow", "since", "level"],
    example: "logs --level warn --follow",
    run: async (context) => (await import("./logs.ts")).logs(context),
  },
  {
    name: "metrics",
    kind: "read",
    does: "all metrics in Prometheus' text format",
    example: "metrics",
    run: async (context) => show(context, (await views()).metricsView),
  },
  {
    name: "config",
    kind: "read",
    does: "every setting in effect, where it comes from, and whether a reload applies it",
    example: "config",
    run: async (context) => show(context, (await views()).configView),
  },
  {
    name: "snapshot",
    kind: "read",
    does: "everything the daemon says about itself, as JSON",
    example: "snapshot --json",
    run: async (context) => show(context, (await views()).snapshotView),
  },
];
