import type { ActionParams, Method } from "../../shared/control/protocol.ts";
import type { Snapshot } from "../../shared/control/snapshot.ts";
import type { BackendCall } from "./backend-call.ts";
import type { Call } from "./request.ts";

/** A call of a method that acts. */
export type ActionCall = Extract<Call, { params: ActionParams; method: ActingMethod }>;

type ActingMethod =
  | BackendCall["method"]
  | "set_rate"
  | "kick"
  | "reload"
  | "stop"
  | "revoke"
  | "allow"
  | "rotate"
  | "log_level";

/** What a call acts on: two calls that name the same object can get into each other's way. */
export function objectOf(call: ActionCall): string {
  switch (call.method) {
    case "kick":
      return `connection ${call.params.target}`;
    case "reload":
    case "stop":
    case "rotate":
    case "log_level":
      return "this daemon";
    case "revoke":
    case "allow":
      return `identity ${call.params.identity}`;
    case "set_rate":
      return `bucket ${call.params.bucket}`;
    case "reset_breaker":
      return call.params.backend === undefined ? "every breaker" : `backend ${call.params.backend}`;
    case "drain":
    case "ready":
      return call.params.backend === undefined ? "this daemon" : `backend ${call.params.backend}`;
    case "maint":
    case "set_weight":
    case "open_breaker":
    case "close_breaker":
      return `backend ${call.params.backend}`;
  }
}

/** What the audit keeps of an object's state, before and after an action; null: there is no such object. */
export type ObjectState = Record<string, unknown> | null;

export function stateOf(
  call: ActionCall,
  { backends, breakers, buckets, connections, sessions, status }: Snapshot,
): ObjectState {
  if (call.method === "kick") {
    const { target } = call.params;
    const row = connections.find(({ id }) => id === target) ?? sessions.find(({ id }) => id === target);
    return row === undefined ? null : { identity: row.identity, inner: row.inner };
  }
  if (call.method === "set_rate") {
    const row = buckets.find(({ name }) => name === call.params.bucket);
    return row === undefined ? null : { rate: row.rate, burst: row.burst, unit: row.unit, pinned: row.pinned };
  }
  const name = "backend" in call.params ? call.params.backend : undefined;
  if (name === undefined) return { state: status.state };
  const backend = backends.find((row) => row.name === name);
  const breaker = breakers.find((row) => row.name === name);
  if (backend === undefined) return null;
  const { admin, weight, weight_pinned, connections: load } = backend;
  return { admin, weight, weight_pinned, connections: load, breaker: breaker?.state ?? null };
}

const acting: ReadonlySet<Method> = new Set<ActingMethod>([
  "kick",
  "reload",
  "stop",
  "revoke",
  "allow",
  "rotate",
  "log_level",
  "drain",
  "ready",
  "maint",
  "set_weight",
  "set_rate",
  "reset_breaker",
  "open_breaker",
  "close_breaker",
]);

export function isAction(call: Call): call is ActionCall {
  return acting.has(call.method);
}
