import type { Clock } from "../../shared/clock.ts";
import { type HelloParams, limits, protocolVersions } from "../../shared/control/protocol.ts";
import { act, type Actor } from "./actions.ts";
import type { ActionResult, ControlBackend } from "./backend.ts";
import { auditTarget, backendAction } from "./backend-call.ts";
import { type Call, failure, type Outcome } from "./request.ts";

/** What the methods know of the connection that calls them. */
export interface Caller extends Actor {
  /** What was said at hello; undefined before it. */
  hello: HelloParams | undefined;
  subscribe(rateHz: number): void;
  unsubscribe(): void;
}

/** Runs one call; the result, or an error for the caller. */
export async function dispatch(caller: Caller, call: Call, backend: ControlBackend, clock: Clock): Promise<Outcome> {
  if (call.method !== "hello" && caller.hello === undefined) {
    return failure("version", "say hello first: versions, client");
  }
  const action = (target: string, dryRun: boolean, run: () => Promise<ActionResult>): Promise<Outcome> =>
    act(caller, { name: call.method, target, dryRun, run }, clock.now(), backend);
  switch (call.method) {
    case "hello":
      return hello(caller, call.params, backend);
    case "snapshot":
      return { result: backend.snapshot() };
    case "config":
      return { result: { rows: backend.config() } };
    case "events":
      return { result: { events: backend.events(call.params.since) } };
    case "subscribe":
      return subscribe(caller, call.params.rate_hz);
    case "unsubscribe":
      caller.unsubscribe();
      return { result: {} };
    case "kick": {
      const { target, reason = "", dry_run: dryRun = false } = call.params;
      return action(target, dryRun, () => backend.kick(target, reason, { dryRun }));
    }
    case "reload": {
      const { dry_run: dryRun = false } = call.params;
      return action("", dryRun, () => backend.reload({ dryRun }));
    }
    case "stop": {
      const { dry_run: dryRun = false } = call.params;
      return action("", dryRun, () => backend.stop({ dryRun }));
    }
    case "drain":
    case "ready":
    case "maint":
    case "set_weight":
    case "reset_breaker":
    case "open_breaker":
    case "close_breaker": {
      const { dry_run: dryRun = false, accept_risk: acceptRisk = false } = call.params;
      const what = backendAction(call);
      return action(auditTarget(what, acceptRisk), dryRun, () => backend.act(what, { dryRun, acceptRisk }));
    }
  }
}

function hello(caller: Caller, params: HelloParams, backend: ControlBackend): Outcome {
  const version = protocolVersions.find((version) => params.versions.includes(version));
  if (version === undefined) {
    return failure("version", `this daemon speaks versions ${protocolVersions.join(", ")} of the control protocol`);
  }
  caller.hello = params;
  const { status } = backend.snapshot();
  const { name, version: daemon_version, pid } = status;
  return { result: { version, role: caller.role, name, daemon_version, pid } };
}

function subscribe(caller: Caller, wanted: number | undefined): Outcome {
  const rate = wanted ?? caller.hello?.rate_hz ?? limits.rateHz.default;
  caller.subscribe(rate);
  return { result: { rate_hz: rate } };
}
