import { type Act, acting, perform } from "./act.ts";
import type { Verb } from "./verb.ts";

const revoke: Act = (client, context, dryRun) =>
  client.call("revoke", { identity: context.args[0] ?? "", ...acting(context, dryRun) });
const allow: Act = (client, context, dryRun) =>
  client.call("allow", { identity: context.args[0] ?? "", ...acting(context, dryRun) });
const rotate: Act = (client, context, dryRun) => client.call("rotate", acting(context, dryRun));

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
