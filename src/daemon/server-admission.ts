import type { Event } from "./engine/messages.ts";
import { type LinkRecord, shortSession } from "./pool/link-book.ts";
import type { RoleParts } from "./role.ts";
import type { ServerAddresses } from "./server-addresses.ts";
import type { ServerDrain } from "./server-drain.ts";
import type { ServerReports } from "./server-reports.ts";
import type { ServerSessions } from "./server-sessions.ts";
import type { ServerWelcome } from "./server-welcome.ts";
import type {
  AdmissionOutcome,
  IdentityRule,
  ServerSession,
  SessionRefusal,
  SessionRegistry,
} from "./session/registry.ts";

type Hello = Extract<Event, { type: "hello" }>;
type Admitted = Extract<AdmissionOutcome, { kind: "admitted" }>;

/** Displaced sessions of one identity in a minute that raise an alarm. */
const swapsForAlarm = 3;

interface ServerAdmissionParts extends Pick<RoleParts, "clock" | "engine" | "events" | "links"> {
  /** Name of this server. */
  readonly name: string;
  readonly registry: SessionRegistry;
  readonly sessions: ServerSessions;
  readonly addresses: ServerAddresses;
  readonly welcome: ServerWelcome;
  readonly drain: ServerDrain;
  readonly reports: ServerReports;
  ruleOf(identity: string): IdentityRule;
}

/** From a link's HELLO to its session, or to why it gets none. */
export class ServerAdmission {
  /** How many got no session, by reason. */
  readonly refused: Map<SessionRefusal, number> = new Map();
  readonly #parts: ServerAdmissionParts;
  /** When sessions of an identity were displaced, in the last minute. */
  readonly #swaps = new Map<string, number[]>();

  constructor(parts: ServerAdmissionParts) {
    this.#parts = parts;
  }

  hello(event: Hello): void {
    this.#admit(event).catch((error: unknown) => {
      this.#refuse(event.link, "internal", "");
      this.#parts.reports.failed("admission_failed", `${event.identity} can't be admitted`, error);
    });
  }

  async #admit(event: Hello): Promise<void> {
    const { engine, links, registry, sessions } = this.#parts;
    const { link, identity, hello } = event;
    if (links.get(link) !== undefined) {
      return engine.send({ type: "close", link, reason: "protocol_error", text: "a second HELLO" });
    }
    const record = this.#record(event);
    if (this.#parts.drain.active) return this.#refuse(link, "stopping", "this server is being drained");
    const outcome = await registry.admit({ ...hello, link, identity });
    if (outcome.kind === "admitted") this.#displaced(outcome, identity);
    // Access may have been withdrawn while the admission waited for its turn.
    if (outcome.kind === "admitted" && this.#parts.ruleOf(identity) === undefined) {
      sessions.expel(outcome.session, "access was withdrawn");
      return this.#refuse(link, "denied", "this identity has no access");
    }
    // The link may have ended meanwhile.
    if (links.get(link) !== record) return void sessions.linkGone(link);
    if (outcome.kind === "refused") {
      this.#refuse(link, outcome.reason, outcome.text);
      return this.#parts.reports.sessionRefused(event, outcome.reason, outcome.text);
    }
    this.#join(event, record, outcome);
  }

  #record({ link, slot, identity, remote }: Hello): LinkRecord {
    return this.#parts.links.add({
      link,
      slot,
      identity,
      session: "",
      backend: this.#parts.name,
      remote,
      inner: [],
      index: undefined,
      drainingSince: undefined,
      server: undefined,
      state: "configuring",
      since: this.#parts.clock.now(),
    });
  }

  #join(event: Hello, record: LinkRecord, { session, token, supersede }: Admitted): void {
    const { link, identity, remote, hello, took } = event;
    record.session = session.id;
    record.inner = session.addresses;
    record.state = "active";
    const introduction = this.#parts.welcome.introduce(session, token, hello.capabilities);
    this.#parts.engine.send({ type: "admit", link, ...introduction, linkIndex: hello.linkIndex, supersede });
    this.#answerFor(session, hello.intent);
    const how = { new: "opened", join: "joined", takeover: "took over", guest: "spreads" }[hello.intent];
    this.#parts.events.add("info", "link_up", `${identity} ${how} a session from ${remote}`, {
      identity,
      remote,
      session: shortSession(session.id),
      inner: session.addresses.join(" "),
      authenticate_ms: Math.round(took.authenticate),
      configure_ms: Math.round(took.configure + this.#parts.clock.now() - record.since),
      intent: hello.intent,
    });
  }

  /** A second link changes nothing on the LAN; whoever comes from another server must be told of there. */
  #answerFor(session: ServerSession, intent: Hello["hello"]["intent"]): void {
    if (session.guest) this.#parts.addresses.release(session);
    else if (intent === "new" || intent === "takeover" || session.links.size === 1) this.#parts.addresses.own(session);
  }

  #refuse(link: number, reason: SessionRefusal, text: string): void {
    this.refused.set(reason, (this.refused.get(reason) ?? 0) + 1);
    this.#parts.engine.send({ type: "refuse", link, reason, text });
  }

  #displaced({ displaced }: Admitted, identity: string): void {
    const { engine, events, clock, addresses } = this.#parts;
    for (const session of displaced) {
      addresses.release(session);
      const text = "a newer session has its address";
      engine.send({ type: "close_session", session: session.id, reason: "superseded", text });
    }
    // One without links was left behind, by a client that lost its state or by one that is gone.
    if (!displaced.some(({ links }) => links.size > 0)) return;
    const now = clock.now();
    const recent = [...(this.#swaps.get(identity) ?? []), now].filter((at) => now - at < 60_000);
    this.#swaps.set(identity, recent);
    if (recent.length === swapsForAlarm) {
      const message = `${identity} has a fixed address and connects from two places`;
      events.add("critical", "identity_in_two_places", message, { identity });
    }
  }
}
