import { acting, type Doing, doing } from "./act.ts";
import { levelOf } from "./logs.ts";

export const kick: Doing = doing((client, context, dryRun) =>
  client.call("kick", {
    target: context.args[0] ?? "",
    reason: context.options.reason,
    ...acting(context, dryRun),
  }),
);
export const reload: Doing = doing((client, context, dryRun) => client.call("reload", acting(context, dryRun)));
export const stop: Doing = doing((client, context, dryRun) => client.call("stop", acting(context, dryRun)));
export const undo: Doing = doing((client, context, dryRun) => client.call("undo", acting(context, dryRun)));
export const confirm: Doing = doing((client, context, dryRun) => client.call("confirm", acting(context, dryRun)));
export const logLevel: Doing = doing((client, context, dryRun) =>
  client.call("log_level", { level: levelOf(context.args[0] ?? ""), ...acting(context, dryRun) }),
);
