import type { BackendAction } from "./backend.ts";
import type { Call } from "./request.ts";

/** A call of a method that acts on backends or breakers. */
export type BackendCall = Extract<Call, { method: BackendAction["kind"] }>;

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
