import { type Act, perform } from "./act.ts";
import type { Verb } from "./verb.ts";

const revoke: Act = (client, { args: [identity = ""], options }, dryRun) =>
  client.call("revoke", { identity, dry_run: dryRun, accept_risk: options.acceptRisk });
const allow: Act = (client, { args: [identity = ""] }, dryRun) => client.call("allow", { identity, dry_run: dryRun });
const rotate: Act = (client, _context, dryRun) => client.call("rotate", { dry_run: dryRun });

/** Verbs that act on who is trusted. */
export const trustVerbs: readonly Verb[] = [
  {
    name: "revoke",
    kind: "act",
    does: "shut an identity out of this server for good; its certificate is revoked with pki",
    arguments: ["IDENTITY"],
    options: ["accept-risk"],
    example: "revoke laptop-ann --dry-run",
    run: (context) => perform(context, revoke),
  },
  {
    name: "allow",
    kind: "act",
    does: "let an identity in again after revoke",
    arguments: ["IDENTITY"],
    example: "allow laptop-ann",
    run: (context) => perform(context, allow),
  },
  {
    name: "rotate",
    kind: "act",
    does: "replace every link by one on the newest certificates, the new one first",
    example: "rotate",
    run: (context) => perform(context, rotate),
  },
];
