import { acting, type Doing, doing } from "./act.ts";

export const revoke: Doing = doing((client, context, dryRun) =>
  client.call("revoke", { identity: context.args[0] ?? "", ...acting(context, dryRun) }),
);
export const allow: Doing = doing((client, context, dryRun) =>
  client.call("allow", { identity: context.args[0] ?? "", ...acting(context, dryRun) }),
);
export const rotate: Doing = doing((client, context, dryRun) => client.call("rotate", acting(context, dryRun)));
