import { z } from "zod";
import { lookInside, matches, matchShape } from "./match.ts";

/** What happens to the nth frame that matches, counted in each direction from the moment the rule was set. */
export const ruleShape = z.strictObject({
  name: z.string().min(1),
  match: matchShape,
  /** First of the matching frames that the rule acts upon, from 1. */
  nth: z.int().positive(),
  /** Last of them; without it only the nth. */
  last: z.int().positive().optional(),
  action: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("drop") }),
    z.strictObject({ kind: z.literal("duplicate") }),
    z.strictObject({ kind: z.literal("corrupt") }),
    /** Held longer by this, while those behind overtake. */
    z.strictObject({ kind: z.literal("hold"), ms: z.number().min(0).max(3_600_000) }),
  ]),
});
export type Rule = Readonly<z.infer<typeof ruleShape>>;
export type Action = Rule["action"];

export interface RuleCount {
  /** Frames that matched. */
  matched: number;
  /** Frames that the rule acted upon. */
  hits: number;
}

/** The rules of one direction with their counters. */
export class Rules {
  #rules = new Map<string, { rule: Rule; count: RuleCount }>();

  /** Adds a rule; one of the same name is replaced and counts anew. */
  set(rule: Rule): void {
    this.#rules.set(rule.name, { rule, count: { matched: 0, hits: 0 } });
  }

  remove(name: string): boolean {
    return this.#rules.delete(name);
  }

  /** Counts a frame and tells what the rules do to it, in the order in which they were set. */
  actions(frame: Buffer): Action[] {
    if (this.#rules.size === 0) return [];
    const inside = lookInside(frame);
    const actions: Action[] = [];
    for (const { rule, count } of this.#rules.values()) {
      if (!matches(rule.match, inside)) continue;
      count.matched += 1;
      if (count.matched < rule.nth || count.matched > (rule.last ?? rule.nth)) continue;
      count.hits += 1;
      actions.push(rule.action);
    }
    return actions;
  }

  counts(): Record<string, RuleCount> {
    return Object.fromEntries([...this.#rules].map(([name, { count }]) => [name, { ...count }]));
  }
}
