import { type ErrorCode, SssonectorError } from "../errors.ts";
import type { RpcErrorKind } from "./protocol.ts";

/** Exit codes of `sssonector ctl`. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  unreachable: 3,
  notFound: 4,
  denied: 5,
  refused: 6,
  timedOut: 7,
} as const;

const byCode: Partial<Record<ErrorCode, number>> = {
  control_ambiguous: exitCodes.usage,
  control_denied: exitCodes.denied,
  control_lost: exitCodes.unreachable,
  control_not_found: exitCodes.notFound,
  control_refused: exitCodes.refused,
  control_timeout: exitCodes.timedOut,
  control_unreachable: exitCodes.unreachable,
  usage: exitCodes.usage,
};

const codeOfKind: Record<RpcErrorKind, ErrorCode> = {
  parse: "control_protocol",
  invalid_request: "control_protocol",
  unknown_method: "control_protocol",
  invalid_params: "usage",
  internal: "control_failed",
  failed: "control_failed",
  denied: "control_denied",
  not_found: "control_not_found",
  refused: "control_refused",
  too_many_actions: "control_refused",
  version: "control_protocol",
};

/** The error code of this program for the daemon's error; an unknown kind is one of a newer daemon. */
export function errorCodeOf(kind: string): ErrorCode {
  return Object.hasOwn(codeOfKind, kind) ? codeOfKind[kind as RpcErrorKind] : "control_failed";
}

/** Exit code for what a command threw. */
export function exitCodeFor(error: unknown): number {
  return error instanceof SssonectorError ? (byCode[error.code] ?? exitCodes.failed) : exitCodes.failed;
}
