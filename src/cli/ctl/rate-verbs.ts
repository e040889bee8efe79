import type { Verb } from "./verb.ts";

/** Verbs that act on rate limits. */
export const rateVerbs: readonly Verb[] = [
  {
    name: "set-rate",
    kind: "act",
    does: "set a rate limit; auto gives it back to the configuration",
    arguments: ["BUCKET", "RATE|unlimited|auto"],
    options: ["burst", "for", "confirm-within"],
    example: "set-rate identity/laptop-ann/down 20mbit --for 1h --confirm-within 30s",
    run: async (context) => (await import("./rate-acts.ts")).setRate(context),
  },
];
