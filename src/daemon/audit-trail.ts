import { appendFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../shared/clock.ts";
import { describeError } from "../shared/errors.ts";
import type { LogFacts } from "../shared/log-keys.ts";
import type { ControlBackend } from "./control/backend.ts";
import type { Log } from "./logs/log.ts";
import type { EventLog } from "./monitor/event-log.ts";

type AuditEntry = Parameters<ControlBackend["audit"]>[0];

/** Who did what: a log line, an event, and a line of `audit.jsonl` in the state directory. */
export class AuditTrail {
  readonly #parts: { readonly clock: Clock; readonly log: Log; readonly events: EventLog; readonly directory: string };

  constructor(parts: { clock: Clock; log: Log; events: EventLog; directory: string }) {
    this.#parts = parts;
  }

  add(entry: AuditEntry): void {
    const { log, events, clock, directory } = this.#parts;
    const { who, action, target, outcome } = entry;
    log.write("info", "audit", `${who} ${action} ${target}: ${outcome}`, {
      ...told(entry),
      outcome,
      before: JSON.stringify(entry.before),
      after: JSON.stringify(entry.after),
    });
    if (outcome.startsWith("denied")) {
      events.add("warning", "role_refused", `${who} may not ${action}`, { who, action });
    }
    if (entry.revision !== null) events.add("info", "operator_action", `${who}: ${action} ${target}`, told(entry));
    const line = JSON.stringify({ time_ms: clock.wall(), ...entry });
    try {
      appendFileSync(join(directory, "audit.jsonl"), `${line}\n`, { mode: 0o600 });
    } catch (error) {
      events.add("critical", "audit_failed", `the audit can't be written: ${describeError(error)}`);
    }
  }
}

/** What the event of an action tells of its audit entry. */
function told({ who, action, target, revision }: AuditEntry): LogFacts {
  return { who, action, target, revision: revision ?? 0 };
}
