import type { Clock } from "../../shared/clock.ts";
import { type Acted, act, type ActionContext, type Actor } from "./actions.ts";
import type { ActionCall } from "./action-call.ts";
import type { ActionResult, ControlBackend, RateChange } from "./backend.ts";
import { auditTarget, backendAction } from "./backend-call.ts";
import { revert } from "./take-back.ts";

/** Runs a call that acts; one that wants to be confirmed reverts by itself otherwise. */
export async function runAction(
  actor: Actor,
  call: ActionCall,
  name: string,
  context: ActionContext,
  clock: Clock,
): Promise<Acted> {
  const { target, run } = workOf(call, context.backend);
  const acted = await act(actor, { name, call, target, run }, clock.now(), context);
  const { done } = acted;
  const confirmWithin = "confirm_within_ms" in call.params ? call.params.confirm_within_ms : undefined;
  if (done?.inverse !== undefined && confirmWithin !== undefined) {
    const run = (by: Actor, back: ActionCall, what: string): Promise<Acted> =>
      runAction(by, back, what, context, clock);
    context.book.await(done, confirmWithin, () => void revert(done, context, clock, run));
  }
  context.feed.changed();
  return acted;
}

function workOf(call: ActionCall, backend: ControlBackend): { target: string; run: () => Promise<ActionResult> } {
  const { dry_run: dryRun = false, accept_risk: acceptRisk = false } = call.params;
  switch (call.method) {
    case "kick": {
      const { target, reason = "" } = call.params;
      return { target, run: () => backend.kick(target, reason, { dryRun }) };
    }
    case "reload":
      return { target: "", run: () => backend.reload({ dryRun }) };
    case "rotate":
      return { target: "", run: () => backend.rotate({ dryRun }) };
    case "log_level": {
      const { level } = call.params;
      return { target: level, run: () => backend.logLevel(level, { dryRun }) };
    }
    case "revoke":
    case "allow": {
      const { identity } = call.params;
      return { target: identity, run: () => backend.deny(identity, call.method === "revoke", { dryRun }) };
    }
    case "stop":
      return { target: "", run: () => backend.stop({ dryRun }) };
    case "set_rate": {
      const { bucket, rate, unit = "bytes", burst, for_ms: forMs } = call.params;
      const change: RateChange = { bucket, rate, unit, burst, forMs };
      return { target: rateTarget(change), run: () => backend.setRate(change, { dryRun }) };
    }
    case "drain":
    case "ready":
    case "maint":
    case "set_weight":
    case "reset_breaker":
    case "open_breaker":
    case "close_breaker": {
      const action = backendAction(call);
      return { target: auditTarget(action, acceptRisk), run: () => backend.act(action, { dryRun, acceptRisk }) };
    }
  }
}

/** What is set, and how, for the audit. */
function rateTarget({ bucket, rate, unit, burst, forMs }: RateChange): string {
  const words = [bucket, `rate=${rate ?? "unlimited"}`];
  if (typeof rate === "number") words.push(`unit=${unit}`);
  if (burst !== undefined) words.push(`burst=${burst}`);
  if (forMs !== undefined) words.push(`for_ms=${forMs}`);
  return words.join(" ");
}
