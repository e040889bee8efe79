import { limits } from "../../shared/control/protocol.ts";
import type { Backend, BreakerState, Bucket, Snapshot } from "../../shared/control/snapshot.ts";
import type { ActionCall } from "./action-call.ts";
import type { Call } from "./request.ts";

/** The action that brings back what a call changes, from the state before it; undefined when nothing can or need. */
export function inverseOf(call: ActionCall, before: Snapshot): Call | undefined {
  switch (call.method) {
    case "set_weight":
      return weightBack(call.id, rowOf(before, call.params.backend));
    case "set_rate":
      return rateBack(call.id, before.buckets.find(({ name }) => name === call.params.bucket) ?? call.params);
    case "drain":
    case "ready":
    case "maint":
      return adminBack(call, before);
    case "reset_breaker":
    case "open_breaker":
    case "close_breaker":
      return call.params.backend === undefined ? undefined : breakerBack(call, call.params.backend, before);
    case "revoke":
      return { id: call.id, method: "allow", params: { identity: call.params.identity } };
    case "allow":
      return { id: call.id, method: "revoke", params: { identity: call.params.identity } };
    case "log_level":
      return { id: call.id, method: "log_level", params: { level: before.status.log_level } };
    case "kick":
    case "reload":
    case "rotate":
    case "stop":
      return undefined;
  }
}

function rowOf({ backends }: Snapshot, name: string): Backend | undefined {
  return backends.find((row) => row.name === name);
}

function weightBack(id: Call["id"], row: Backend | undefined): Call | undefined {
  if (row === undefined) return undefined;
  return { id, method: "set_weight", params: { backend: row.name, weight: row.weight_pinned ? row.weight : "auto" } };
}

/** A bucket that is not listed is as the configuration says. */
function rateBack(id: Call["id"], row: Bucket | { bucket: string }): Call {
  if (!("name" in row)) return { id, method: "set_rate", params: { bucket: row.bucket, rate: "auto" } };
  const { name: bucket, rate, unit, burst, expires_seconds: left } = row;
  if (!row.pinned) return { id, method: "set_rate", params: { bucket, rate: "auto" } };
  const again = { bucket, rate, unit, burst: burst ?? undefined };
  if (left === null) return { id, method: "set_rate", params: again };
  return { id, method: "set_rate", params: { ...again, for_ms: Math.max(limits.timeMs.min, left * 1000) } };
}

function adminBack(call: Extract<ActionCall, { method: "drain" | "ready" | "maint" }>, before: Snapshot) {
  const { id, method } = call;
  const { backend } = call.params;
  const was = backend === undefined ? ownAdmin(before) : rowOf(before, backend)?.admin;
  if (was === undefined || was === method) return undefined;
  if (was === "maint") return backend === undefined ? undefined : ({ id, method: was, params: { backend } } as const);
  return { id, method: was, params: { backend } } as const;
}

function ownAdmin({ status }: Snapshot): "drain" | "ready" {
  return status.state === "draining" ? "drain" : "ready";
}

/** How each state of a breaker is brought about; one that works by itself can only be left to do so. */
const ways: Record<BreakerState, "reset_breaker" | "open_breaker" | "close_breaker"> = {
  closed: "reset_breaker",
  open: "reset_breaker",
  "half-open": "reset_breaker",
  observe: "reset_breaker",
  "forced-open": "open_breaker",
  disabled: "close_breaker",
};

function breakerBack({ id, method }: ActionCall, backend: string, before: Snapshot): Call | undefined {
  const was = before.breakers.find((row) => row.name === backend)?.state;
  if (was === undefined || ways[was] === method) return undefined;
  return { id, method: ways[was], params: { backend } };
}
