import type { Clock } from "../shared/clock.ts";
import { describeError } from "../shared/errors.ts";
import type { CriticalCode } from "../shared/event-codes.ts";
import type { Event } from "./engine/messages.ts";
import type { EventLog } from "./monitor/event-log.ts";
import { shortSession } from "./pool/link-book.ts";
import type { SessionRefusal } from "./session/registry.ts";

type EventOf<Type extends Event["type"]> = Extract<Event, { type: Type }>;

/** Between two events about the same peer and reason. */
const quietFor = 10_000;

/** What a server tells of failures and of peers that it refuses: a flood of them is not a flood of events. */
export class ServerReports {
  readonly #clock: Clock;
  readonly #events: EventLog;
  readonly #toldAt = new Map<string, number>();

  constructor({ clock, events }: { clock: Clock; events: EventLog }) {
    this.#clock = clock;
    this.#events = events;
  }

  failed(code: CriticalCode, what: string, error: unknown): void {
    if (!this.#toldLately(code)) this.#events.add("critical", code, `${what}: ${describeError(error)}`);
  }

  handshakeRefused({ remote, reason, text }: EventOf<"refused">): void {
    const source = remote.slice(0, remote.lastIndexOf(":"));
    if (this.#toldLately(`${source} ${reason}`)) return;
    this.#events.add("warning", "handshake_refused", `${remote}: ${reason} ${text}`.trim(), { remote, reason });
  }

  sessionRefused({ identity, remote }: EventOf<"hello">, reason: SessionRefusal, text: string): void {
    if (this.#toldLately(`${identity} ${reason}`)) return;
    this.#events.add("warning", "session_refused", `${identity}: ${text}`, { identity, remote, reason });
  }

  spoofed({ identity, session }: EventOf<"spoofed">): void {
    const facts = { identity, session: shortSession(session) };
    this.#events.add("warning", "spoofed_source", `${identity} sends from addresses that are not its own`, facts);
  }

  aclRefused({ identity, session, destination }: EventOf<"acl_refused">): void {
    const facts = { identity, session: shortSession(session), destination };
    this.#events.add("warning", "acl_refused", `${identity} may not send to ${destination}`, facts);
  }

  #toldLately(key: string): boolean {
    const now = this.#clock.now();
    if (now - (this.#toldAt.get(key) ?? Number.NEGATIVE_INFINITY) < quietFor) return true;
    if (this.#toldAt.size > 1000) this.#toldAt.clear();
    this.#toldAt.set(key, now);
    return false;
  }
}
