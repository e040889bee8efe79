import { limits, type Role, type SshConnection } from "../../shared/control/protocol.ts";
import { describeError } from "../../shared/errors.ts";
import { printable } from "../../shared/text.ts";
import { type ActionCall, objectOf, type ObjectState, stateOf } from "./action-call.ts";
import type { ActionBook, Done } from "./action-book.ts";
import type { ActionLimit } from "./action-limit.ts";
import type { ActionResult, ControlBackend } from "./backend.ts";
import type { SnapshotFeed } from "./feed.ts";
import { inverseOf } from "./inverse.ts";
import { cutsOwn } from "./own-connection.ts";
import { failure, type Outcome } from "./request.ts";

export interface Actor {
  /** Number of the connection. */
  id: number;
  who: string;
  user: string;
  role: Role;
  limit: ActionLimit;
  ssh: SshConnection | null | undefined;
  /** The actor did something. */
  acted(what: string): void;
}

export interface ActionContext {
  backend: ControlBackend;
  book: ActionBook;
  feed: SnapshotFeed;
}

export interface Action {
  /** Its name in the audit. */
  name: string;
  call: ActionCall;
  /** What it is done to, and how, for the audit. */
  target: string;
  run: () => Promise<ActionResult>;
}

/** What an action came to; `done` is its entry in the book when it was really done. */
export interface Acted {
  outcome: Outcome;
  done: Done | undefined;
}

/** Runs an action that the actor may run and writes who did what to the audit, refusals too. */
export async function act(actor: Actor, action: Action, now: number, context: ActionContext): Promise<Acted> {
  // Not audited, so that a flood of requests is no flood of audit lines.
  if (!actor.limit.take(now)) {
    return nothing(failure("too_many_actions", `more than ${limits.actionsPerSecond} actions in a second`));
  }
  const { backend, book, feed } = context;
  const { call, name } = action;
  const { dry_run: dryRun = false, accept_risk: acceptRisk = false, revision } = call.params;
  const before = feed.fresh();
  const object = objectOf(call);
  const cuts = cutsOwn(call, before, actor.ssh);
  const result =
    denied(actor, name) ??
    refusal(book.conflict(object, revision, actor.id)) ??
    refusal(
      cuts && !acceptRisk
        ? "it would cut the connection that you work through (--accept-risk does it all the same)"
        : undefined,
    ) ??
    (await settle(action));
  const really = result.kind === "done" && !dryRun;
  const target = printable(action.target, limits.target);
  const what = `${name} ${target}`.trim();
  const was = stateOf(call, before);
  const done = really
    ? book.add({ object, what, who: actor.who, user: actor.user, peer: actor.id, inverse: inverseOf(call, before) })
    : undefined;
  const after = really ? feed.fresh() : undefined;
  backend.audit({
    who: actor.who,
    action: dryRun ? `${name} --dry-run` : name,
    target,
    outcome: result.kind === "done" ? "done" : `${result.kind}: ${result.message}`,
    before: was,
    after: after === undefined ? was : stateOf(call, after),
    revision: done?.revision ?? null,
  });
  if (really) actor.acted(what);
  return { outcome: outcomeOf(result, { dryRun, cuts, revision: book.revision }), done };
}

function outcomeOf(
  result: ActionResult | Denied,
  facts: { dryRun: boolean; cuts: boolean; revision: number },
): Outcome {
  if (result.kind !== "done") return failure(result.kind, result.message);
  const { dryRun, cuts, revision } = facts;
  const message = cuts ? `${result.message}; it cuts the connection that you work through` : result.message;
  const told = { ...result.facts, ...(cuts ? { cuts_own: true } : {}) };
  return { result: { outcome: "done", dry_run: dryRun, message, facts: told, revision } };
}

function nothing(outcome: Outcome): Acted {
  return { outcome, done: undefined };
}

async function settle(action: Action): Promise<ActionResult> {
  try {
    return await action.run();
  } catch (error) {
    return { kind: "failed", message: describeError(error) };
  }
}

type Denied = { kind: "denied"; message: string };

function denied(actor: Actor, name: string): Denied | undefined {
  if (actor.role === "operator") return undefined;
  return { kind: "denied", message: `${name} needs an operator; ${actor.who} is a viewer` };
}

function refusal(why: string | undefined): { kind: "refused"; message: string } | undefined {
  return why === undefined ? undefined : { kind: "refused", message: why };
}

/** An entry of the audit. */
export interface AuditEntry {
  who: string;
  action: string;
  target: string;
  outcome: string;
  /** State of what it was done to; null: there is none. */
  before: ObjectState;
  after: ObjectState;
  /** `control.revision` that it made; null when nothing was done. */
  revision: number | null;
}
