import type { Verb } from "./verb.ts";

const acts = () => import("./backend-acts.ts");

/** Verbs that act on backends and their breakers. */
export const backendVerbs: readonly Verb[] = [
  {
    name: "drain",
    kind: "act",
    does: "send no new traffic to a backend and move what can move; without a name: drain this daemon",
    arguments: ["[BACKEND]"],
    options: ["deadline", "accept-risk"],
    example: "drain eu-1 --deadline 10m",
    run: async (context) => (await acts()).drain(context),
  },
  {
    name: "ready",
    kind: "act",
    does: "take a backend back after drain or maint; without a name: this daemon",
    arguments: ["[BACKEND]"],
    example: "ready eu-1",
    run: async (context) => (await acts()).ready(context),
  },
  {
    name: "maint",
    kind: "act",
    does: "take a backend out: no traffic, no checks, what it carries is moved or cut",
    arguments: ["BACKEND"],
    options: ["accept-risk"],
    example: "maint eu-1 --dry-run",
    run: async (context) => (await acts()).maint(context),
  },
  {
    name: "set-weight",
    kind: "act",
    does: "pin a backend's weight, 0 to 256; auto gives it back",
    arguments: ["BACKEND", "N|auto"],
    options: ["accept-risk", "confirm-within"],
    example: "set-weight eu-1 50 --confirm-within 1m",
    run: async (context) => (await acts()).setWeight(context),
  },
  {
    name: "reset-breaker",
    kind: "act",
    does: "close a breaker with empty counters; without a name: the only one that is not closed",
    arguments: ["[BACKEND]"],
    options: ["all"],
    example: "reset-breaker",
    run: async (context) => (await acts()).resetBreaker(context),
  },
  {
    name: "open-breaker",
    kind: "act",
    does: "force a breaker open: nothing new for its backend, what is established carries on",
    arguments: ["BACKEND"],
    options: ["for", "accept-risk"],
    example: "open-breaker eu-1 --for 5m",
    run: async (context) => (await acts()).openBreaker(context),
  },
  {
    name: "close-breaker",
    kind: "act",
    does: "let a breaker admit everything; it counts but does not trip until it is reset",
    arguments: ["BACKEND"],
    example: "close-breaker eu-1",
    run: async (context) => (await acts()).closeBreaker(context),
  },
];
