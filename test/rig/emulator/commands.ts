import { z } from "zod";
import type { LinkReport } from "./counters.ts";
import { type DirectionName, directionNames, type Link } from "./link.ts";
import { ruleShape } from "./rules.ts";
import { changeShape } from "./settings.ts";

const direction = z.enum(["a_to_b", "b_to_a", "both"]).default("both");

const commandShape = z.discriminatedUnion("do", [
  z.strictObject({ do: z.literal("set"), direction, settings: changeShape }),
  z.strictObject({ do: z.literal("rule"), direction, rule: ruleShape }),
  z.strictObject({ do: z.literal("unrule"), direction, name: z.string() }),
  z.strictObject({ do: z.literal("report") }),
]);

/** A line of the emulator's control protocol. */
export type LinkCommand = z.input<typeof commandShape>;

function chosen(direction: DirectionName | "both"): readonly DirectionName[] {
  return direction === "both" ? directionNames : [direction];
}

/** Carries out a decoded line; the answer is the report after it. Throws when it is no command. */
export function obey(link: Link, line: unknown, now: number): LinkReport {
  const command = commandShape.parse(line);
  switch (command.do) {
    case "set":
      for (const name of chosen(command.direction)) link[name].change(command.settings, now);
      break;
    case "rule":
      for (const name of chosen(command.direction)) link[name].rules.set(command.rule);
      break;
    case "unrule":
      for (const name of chosen(command.direction)) link[name].rules.remove(command.name);
      break;
    case "report":
      break;
  }
  return link.report();
}
