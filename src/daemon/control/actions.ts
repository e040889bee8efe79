import { limits, type Role } from "../../shared/control/protocol.ts";
import { describeError } from "../../shared/errors.ts";
import { printable } from "../../shared/text.ts";
import type { ActionLimit } from "./action-limit.ts";
import type { ActionResult, ControlBackend } from "./backend.ts";
import { failure, type Outcome } from "./request.ts";

export interface Actor {
  who: string;
  role: Role;
  limit: ActionLimit;
}

export interface Action {
  name: string;
  target: string;
  dryRun: boolean;
  run: () => Promise<ActionResult>;
}

/** Runs an action that the actor may run and writes who did what to the audit, refusals too. */
export async function act(
  actor: Actor,
  action: Action,
  now: number,
  backend: Pick<ControlBackend, "audit">,
): Promise<Outcome> {
  // Not audited, so that a flood of requests is no flood of audit lines.
  if (!actor.limit.take(now)) {
    return failure("too_many_actions", `more than ${limits.actionsPerSecond} actions in a second`);
  }
  const result = actor.role === "operator" ? await settle(action) : denied(actor, action);
  backend.audit({
    who: actor.who,
    action: action.dryRun ? `${action.name} --dry-run` : action.name,
    target: printable(action.target, limits.target),
    outcome: result.kind === "done" ? "done" : `${result.kind}: ${result.message}`,
  });
  if (result.kind !== "done") return failure(result.kind, result.message);
  return { result: { outcome: "done", dry_run: action.dryRun, message: result.message, facts: result.facts ?? {} } };
}

async function settle(action: Action): Promise<ActionResult> {
  try {
    return await action.run();
  } catch (error) {
    return { kind: "failed", message: describeError(error) };
  }
}

function denied(actor: Actor, action: Action): { kind: "denied"; message: string } {
  return { kind: "denied", message: `${action.name} needs an operator; ${actor.who} is a viewer` };
}
