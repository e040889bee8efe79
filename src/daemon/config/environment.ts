import { tokenVariable } from "../../shared/control/address.ts";
import type { Problem } from "./problem.ts";
import { unknownName } from "./suggest.ts";
import { settingsTable } from "./table.ts";

/** A setting's value from the environment. */
export interface Override {
  variable: string;
  text: string;
}

const prefix = "SSSONECTOR_";

/** The variable that sets a path: SSSONECTOR_CORE_WORKERS for "core.workers". */
export function variableOf(path: string): string {
  return `${prefix}${path.replaceAll(".", "_").toUpperCase()}`;
}

/** Settings of list entries have no variable, since an entry has no fixed place. */
export const variables: ReadonlyMap<string, string> = new Map(
  settingsTable
    .filter(({ path, shape }) => !path.includes("[]") && shape.kind !== "entries")
    .map(({ path }) => [variableOf(path), path]),
);

/** Values by path. Every SSSONECTOR_ variable that neither a setting nor the command has is a problem. */
export function readEnvironment(env: NodeJS.ProcessEnv): { overrides: Map<string, Override>; problems: Problem[] } {
  const overrides = new Map<string, Override>();
  const problems: Problem[] = [];
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith(prefix) || text === undefined || variable === tokenVariable) continue;
    const path = variables.get(variable);
    if (path !== undefined) overrides.set(path, { variable, text });
    else {
      const message = unknownName(variable, variables.keys());
      problems.push({ code: "config_unknown", file: variable, line: 0, column: 0, path: "", message });
    }
  }
  return { overrides, problems };
}
