import type { Verb } from "./verb.ts";

const acts = () => import("./trust-acts.ts");

/** Verbs that act on who is trusted. */
export const trustVerbs: readonly Verb[] = [
  {
    name: "revoke",
    kind: "act",
    does: "shut an identity out of this server for good; its certificate is revoked with pki",
    arguments: ["IDENTITY"],
    options: ["accept-risk"],
    example: "revoke laptop-ann --dry-run",
    run: async (context) => (await acts()).revoke(context),
  },
  {
    name: "allow",
    kind: "act",
    does: "let an identity in again after revoke",
    arguments: ["IDENTITY"],
    example: "allow laptop-ann",
    run: async (context) => (await acts()).allow(context),
  },
  {
    name: "rotate",
    kind: "act",
    does: "replace every link by one on the newest certificates, the new one first",
    example: "rotate",
    run: async (context) => (await acts()).rotate(context),
  },
];
