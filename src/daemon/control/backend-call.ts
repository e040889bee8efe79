import type { BackendAction } from "./backend.ts";
import type { Call } from "./request.ts";

/** A call of a method that acts on backends or breakers. */
export type BackendCall = Extract<Call, { method: BackendAction["kind"] }>;

/** What the action is done to, and how, for the audit. */
export function auditTarget(action: BackendAction, acceptRisk: boolean): string {
  const words = [action.backend ?? (action.kind === "reset_breaker" ? "all" : "this daemon")];
  if (action.kind === "set_weight") words.push(`weight=${action.weight}`);
  if (action.kind === "drain" && action.deadlineMs !== undefined) words.push(`deadline_ms=${action.deadlineMs}`);
  if (action.kind === "open_breaker" && action.forMs !== undefined) words.push(`for_ms=${action.forMs}`);
  if (acceptRisk) words.push("accept_risk");
  return words.join(" ");
}

/** The action that a call asks for. */
export function backendAction(call: BackendCall): BackendAction {
  const { method, params } = call;
  switch (method) {
    case "drain":
      return { kind: method, backend: params.backend, deadlineMs: params.deadline_ms };
    case "set_weight":
      return { kind: method, backend: params.backend, weight: params.weight };
    case "open_breaker":
      return { kind: method, backend: params.backend, forMs: params.for_ms };
    case "ready":
    case "reset_breaker":
      return { kind: method, backend: params.backend };
    case "maint":
    case "close_breaker":
      return { kind: method, backend: params.backend };
  }
}
