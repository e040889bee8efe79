import type { Context } from "./context.ts";
import type { OptionName } from "./options.ts";

/** A verb of `sssonector ctl`: help and the parser read the tables of these. */
export interface Verb {
  name: string;
  kind: "read" | "act" | "other";
  does: string;
  /** Names of its arguments, one word each; one in brackets may be left out. */
  arguments?: readonly string[];
  /** Options beside those of every verb and of its kind. */
  options?: readonly OptionName[];
  example: string;
  run(context: Context): Promise<number>;
}
