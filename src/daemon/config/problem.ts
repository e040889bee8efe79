import type { ErrorCode } from "../../shared/errors.ts";

export type ProblemCode = Extract<ErrorCode, `config_${string}`>;

/** Where a value was written: a place in a file, or an environment variable (then without line and column). */
export interface Position {
  file: string;
  /** Line and column count from 1; 0 where there is none. */
  line: number;
  column: number;
}

/** One thing wrong with the configuration. `path` and `message` read as one sentence. */
export interface Problem extends Position {
  code: ProblemCode;
  /** The setting, such as "access.identities[1].address"; empty when it is the whole file. */
  path: string;
  message: string;
}

/** `FILE:LINE:COL`, or the variable. */
export function formatPlace(at: Position): string {
  return at.line === 0 ? at.file : `${at.file}:${at.line}:${at.column}`;
}

/** `FILE:LINE:COL: path: message`, as `--check-config` prints it. */
export function formatProblem(problem: Problem): string {
  return [formatPlace(problem), problem.path, problem.message].filter((part) => part !== "").join(": ");
}

/** `config_range: rate_limit.burst_size must be at least 1 (got 0) at server.yaml:14:15`, for logs and refusals. */
export function describeProblem(problem: Problem): string {
  const subject = problem.path === "" ? "" : `${problem.path} `;
  return `${problem.code}: ${subject}${problem.message} at ${formatPlace(problem)}`;
}

/** Where to point for a path: where it was written, else the nearest section around it, else the file's start. */
export function nearestPosition(positions: ReadonlyMap<string, Position>, file: string, path: string): Position {
  const exact = positions.get(path);
  if (exact !== undefined) return exact;
  const end = Math.max(path.lastIndexOf("."), path.lastIndexOf("["));
  return end <= 0 ? { file, line: 1, column: 1 } : nearestPosition(positions, file, path.slice(0, end));
}
