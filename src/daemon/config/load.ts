import { existsSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join, resolve } from "node:path";
import { deriveDefaults } from "./defaults.ts";
import { parseYaml } from "./document.ts";
import type { Draft } from "./draft.ts";
import { readEnvironment } from "./environment.ts";
import { nearestPosition, type Position, type Problem } from "./problem.ts";
import { readSettings } from "./read.ts";
import { type ConfigRow, configRows, notInEffect } from "./rows.ts";
import { checkRules } from "./rules.ts";
import type { Settings } from "./settings.ts";

export interface LoadRequest {
  /** The file given with --config; without it, sssonector.{yaml,yml,json} in `cwd`, then in /etc/sssonector. */
  file?: string;
  cwd: string;
  env: NodeJS.ProcessEnv;
}

export type Loaded =
  | { kind: "ok"; settings: Settings; rows: ConfigRow[]; notInEffect: string[]; file: string }
  | { kind: "bad"; problems: Problem[] };

const fileNames = ["sssonector.yaml", "sssonector.yml", "sssonector.json"];

/**
 * Reads, checks and completes the settings. Never throws: every problem of the file and of the environment is in the
 * result, in the file's order. Opens no file that the configuration names.
 */
export function loadSettings(request: LoadRequest): Loaded {
  const file = request.file ?? findFile(request.cwd);
  if (file === undefined) {
    const message = `none found: no ${fileNames.join(", ")} in ${request.cwd} or /etc/sssonector`;
    return bad([{ ...whole("config"), code: "config_file", message }]);
  }
  const path = resolve(request.cwd, file);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const message = `can not be read: ${error instanceof Error ? error.message : String(error)}`;
    return bad([{ ...whole(file), code: "config_file", message }]);
  }
  return parseSettings(text, file, dirname(path), request.env);
}

// Not cosmiconfig: before it looks for a program's own files, it loads and runs .config/config.js of the working
// directory, and this runs as root.
function findFile(cwd: string): string | undefined {
  return [cwd, "/etc/sssonector"].flatMap((folder) => fileNames.map((name) => join(folder, name))).find(existsSync);
}

/** As loadSettings, of a text that was read already; `base` is where relative paths start. */
export function parseSettings(text: string, file: string, base: string, env: NodeJS.ProcessEnv): Loaded {
  const { document, lines, problems: syntax } = parseYaml(text, file);
  if (syntax.length > 0) return bad(syntax);

  const { overrides, problems: unknown } = readEnvironment(env);
  const reading = readSettings(document, { file, base, lines, overrides });
  const problems = [...unknown, ...reading.problems];
  const draft = reading.values as unknown as Draft;
  deriveDefaults(draft, { name: hostname(), stateDirectory: env["STATE_DIRECTORY"] }, reading.positions);
  checkRules(draft, (path, message, code = "config_conflict") => {
    problems.push({ code, ...nearestPosition(reading.positions, file, path), path, message });
  });
  if (problems.length > 0) return bad(problems);

  const settings = draft as unknown as Settings;
  const rows = configRows(settings, reading.positions);
  return { kind: "ok", settings, rows, notInEffect: notInEffect(settings, reading.positions), file };
}

function whole(file: string): Position & { path: string } {
  return { file, line: 0, column: 0, path: "" };
}

function bad(problems: Problem[]): Loaded {
  return { kind: "bad", problems: problems.toSorted((a, b) => a.line - b.line || a.column - b.column) };
}
