import type { Clock } from "../../shared/clock.ts";
import { type HelloParams, limits, type MomentPage, protocolVersions } from "../../shared/control/protocol.ts";
import { type Acted, type ActionContext, type Actor } from "./actions.ts";
import { type ActionCall, isAction } from "./action-call.ts";
import type { ControlBackend } from "./backend.ts";
import { pageOf } from "./moment-page.ts";
import { type Call, failure, type Outcome } from "./request.ts";
import { runAction } from "./run-action.ts";
import { confirm, undo } from "./take-back.ts";

/** What the methods know of the connection that calls them. */
export interface Caller extends Actor {
  /** What was said at hello; undefined before it. */
  hello: HelloParams | undefined;
  subscribe(rateHz: number): void;
  unsubscribe(): void;
}

/** Runs one call; the result, or an error for the caller. */
export async function dispatch(caller: Caller, call: Call, context: ActionContext, clock: Clock): Promise<Outcome> {
  if (call.method !== "hello" && caller.hello === undefined) {
    return failure("version", "say hello first: versions, client");
  }
  const { backend, feed } = context;
  const run = (actor: Actor, action: ActionCall, name: string): Promise<Acted> =>
    runAction(actor, action, name, context, clock);
  if (isAction(call)) return (await run(caller, call, call.method)).outcome;
  switch (call.method) {
    case "hello":
      return hello(caller, call.params, backend);
    case "snapshot":
      return { result: feed.fresh() };
    case "config":
      return { result: { rows: backend.config() } };
    case "certificates":
      return { result: backend.certificates() };
    case "events":
      return { result: { events: backend.events(call.params.since) } };
    case "logs": {
      const { since, level = "trace", limit = limits.logLines } = call.params;
      return { result: { lines: backend.logs(since, level, limit) } };
    }
    case "metrics":
      return { result: { text: await backend.metrics() } };
    case "moment":
      return { result: momentPage(backend, call.params.at_ms, call.params.from ?? 0) };
    case "capture":
      return capture(caller, call.params.session, backend);
    case "subscribe":
      return subscribe(caller, call.params.rate_hz);
    case "unsubscribe":
      caller.unsubscribe();
      return { result: {} };
    case "undo":
      return await undo(caller, call.params, context, run);
    case "confirm": {
      const outcome = confirm(caller, call.params.dry_run ?? false, context);
      feed.changed();
      return outcome;
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

function capture(caller: Caller, session: string | undefined, backend: ControlBackend): Outcome {
  if (caller.role !== "operator") return failure("denied", `capture needs an operator; ${caller.who} is a viewer`);
  const read = backend.capture({ id: caller.id, who: caller.who }, session);
  if (read.kind !== "records") return failure(read.kind, read.message);
  if (read.begun) {
    const target = session ?? "every session";
    const nothing = { before: null, after: null, revision: null };
    backend.audit({ who: caller.who, action: "capture", target, outcome: "done", ...nothing });
    caller.acted(`capture ${target}`);
  }
  return { result: { packets: read.packets, dropped: read.dropped, data: read.records.toString("base64") } };
}

function momentPage(backend: ControlBackend, at: number, from: number): MomentPage {
  const { oldest_ms, newest_ms } = backend.kept();
  const moment = backend.moment(at);
  const page = moment === undefined ? { moment: null, next: null } : pageOf(moment, from);
  return { oldest_ms, newest_ms, ...page };
}

function subscribe(caller: Caller, wanted: number | undefined): Outcome {
  const rate = wanted ?? caller.hello?.rate_hz ?? limits.rateHz.default;
  caller.subscribe(rate);
  return { result: { rate_hz: rate } };
}
