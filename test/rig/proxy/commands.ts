import { z } from "zod";
import { planChangeShape } from "./plan.ts";
import type { ChaosProxy, ProxyReport } from "./proxy.ts";

const ruleShape = z.strictObject({
  name: z.string().min(1),
  nth: z.int().positive(),
  last: z.int().positive().optional(),
  plan: planChangeShape,
});

const commandShape = z.discriminatedUnion("do", [
  z.strictObject({ do: z.literal("plan"), plan: planChangeShape, for: z.enum(["new", "open", "all"]).default("all") }),
  z.strictObject({ do: z.literal("rule"), rule: ruleShape }),
  z.strictObject({ do: z.literal("unrule"), name: z.string() }),
  z.strictObject({ do: z.literal("refuse"), refuse: z.boolean() }),
  z.strictObject({ do: z.literal("reset") }),
  z.strictObject({ do: z.literal("report") }),
]);

/** A line of the proxy's control protocol. */
export type ProxyCommand = z.input<typeof commandShape>;

/** Carries out a decoded line; the answer is the report after it. Throws when it is no command. */
export async function obey(proxy: ChaosProxy, line: unknown): Promise<ProxyReport> {
  const command = commandShape.parse(line);
  switch (command.do) {
    case "plan":
      proxy.change(command.plan, command.for);
      break;
    case "rule":
      proxy.rule(command.rule);
      break;
    case "unrule":
      proxy.removeRule(command.name);
      break;
    case "refuse":
      await proxy.refuse(command.refuse);
      break;
    case "reset":
      proxy.reset();
      break;
    case "report":
      break;
  }
  return proxy.report();
}
