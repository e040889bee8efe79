/** Changes that are taken back: by `undo`, or by themselves when nobody confirmed them. */
import type { Clock } from "../../shared/clock.ts";
import { type ActionContext, type Actor, type Acted } from "./actions.ts";
import type { Done } from "./action-book.ts";
import { type ActionCall, isAction } from "./action-call.ts";
import { ActionLimit } from "./action-limit.ts";
import { failure, type Outcome } from "./request.ts";

/** Runs a call as an action of that name. */
export type RunAction = (actor: Actor, call: ActionCall, name: string) => Promise<Acted>;

/** Takes back the user's newest change that can be. */
export async function undo(
  actor: Actor,
  options: Pick<ActionCall["params"], "dry_run" | "accept_risk">,
  { book }: Pick<ActionContext, "book">,
  run: RunAction,
): Promise<Outcome> {
  if (actor.role !== "operator") return failure("denied", `undo needs an operator; ${actor.who} is a viewer`);
  const change = book.undoableBy(actor.user);
  if (change === undefined) return failure("not_found", `${actor.user} changed nothing that can be taken back`);
  const { inverse } = change;
  if (inverse === undefined || !isAction(inverse)) return failure("internal", "a change without an inverse");
  // Another's later change of the same object would be lost; one's own are taken back one by one.
  const seen = { ...options, revision: change.revision };
  const call = { ...inverse, params: { ...inverse.params, ...seen } } as ActionCall;
  const { outcome, done } = await run(actor, call, `undo of ${change.what}:`);
  if (done !== undefined) {
    book.settle(change);
    book.settle(done);
  }
  return outcome;
}

/** The user's changes stay. */
export function confirm(actor: Actor, dryRun: boolean, { book }: Pick<ActionContext, "book">): Outcome {
  if (actor.role !== "operator") return failure("denied", `confirm needs an operator; ${actor.who} is a viewer`);
  const waiting = book.waitingOf(actor.user);
  if (waiting.length === 0) return failure("not_found", `no change of ${actor.user} waits to be confirmed`);
  if (!dryRun) book.confirm(waiting);
  const list = waiting.map(({ what }) => what).join(", ");
  const message = `${dryRun ? "would keep" : "kept"}: ${list}`;
  const facts = { changes: waiting.length };
  return { result: { outcome: "done", dry_run: dryRun, message, facts, revision: book.revision } };
}

/** Takes a change back that nobody confirmed in time, unless somebody changed the same since. */
export async function revert(change: Done, { book }: ActionContext, clock: Clock, run: RunAction): Promise<void> {
  if (change.inverse === undefined || !isAction(change.inverse) || !book.isNewest(change)) return;
  const limit = new ActionLimit(1, clock.now());
  const who = `sssonectord (${change.who} did not confirm)`;
  const actor: Actor = { id: 0, who, user: "sssonectord", role: "operator", limit, ssh: null, acted: () => undefined };
  const call = { ...change.inverse, params: { ...change.inverse.params, accept_risk: true } } as ActionCall;
  const { done } = await run(actor, call, `revert of ${change.what}:`);
  if (done !== undefined) book.settle(done);
  book.settle(change);
}
