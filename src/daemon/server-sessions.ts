import type { Session } from "../shared/control/snapshot.ts";
import type { ActionResult } from "./control/backend.ts";
import type { CloseReason } from "./link/messages.ts";
import { shortSession } from "./pool/link-book.ts";
import type { RoleParts } from "./role.ts";
import type { ServerAddresses } from "./server-addresses.ts";
import type { IdentityRule, ServerSession, SessionRegistry } from "./session/registry.ts";

interface ServerSessionsParts extends Pick<RoleParts, "clock" | "engine" | "events"> {
  readonly registry: SessionRegistry;
  readonly addresses: ServerAddresses;
  ruleOf(identity: string): IdentityRule;
}

/** The sessions that a server has: their rows, and every way in which one ends. */
export class ServerSessions {
  readonly #parts: ServerSessionsParts;

  constructor(parts: ServerSessionsParts) {
    this.#parts = parts;
  }

  /** All, or the first `most` of them. */
  rows(most: number = Number.POSITIVE_INFINITY): Session[] {
    const { registry, clock } = this.#parts;
    const wall = clock.wall();
    return registry
      .sessions()
      .take(most)
      .map((session) => sessionRow(session, wall))
      .toArray();
  }

  /** Undefined when there is no such session. */
  kick(id: string, reason: string, dryRun: boolean): ActionResult | undefined {
    const session = [...this.#parts.registry.sessions()].find((one) => shortSession(one.id) === id || one.id === id);
    if (session === undefined) return undefined;
    const { identity } = session;
    const count = session.links.size;
    const what = `session ${shortSession(session.id)} of ${identity} with ${count} ${count === 1 ? "link" : "links"}`;
    if (dryRun) return { kind: "done", message: `would close ${what}`, facts: { links: count } };
    this.#end(session, "kicked", reason);
    this.#parts.events.add("warning", "session_kicked", `closed ${what}`, { identity, reason });
    return { kind: "done", message: `closed ${what}`, facts: { links: count } };
  }

  /** Shuts a session's identity out. */
  expel(session: ServerSession, text: string): void {
    this.#end(session, "denied", text);
  }

  /** Ends the sessions of identities that may come in no longer. */
  withdraw(): void {
    for (const session of this.#parts.registry.sessions()) {
      if (this.#parts.ruleOf(session.identity) === undefined) this.expel(session, "access was withdrawn");
    }
  }

  /** Ends links whose certificate is no longer good, and the sessions that have no others. */
  closeLinks(links: ReadonlySet<number>, text: string): void {
    const { registry, engine } = this.#parts;
    for (const session of registry.sessions()) {
      const mine = [...session.links];
      if (mine.length > 0 && mine.every((link) => links.has(link))) this.expel(session, text);
    }
    for (const link of links) engine.send({ type: "close", link, reason: "denied", text });
  }

  /** Ends those whose lease is over. */
  expire(): void {
    const { registry, engine, events } = this.#parts;
    for (const { id, identity } of registry.expire()) {
      engine.send({ type: "close_session", session: id, reason: "timeout", text: "lease expired" });
      const facts = { identity, session: shortSession(id) };
      events.add("info", "session_expired", `session of ${identity} expired`, facts);
    }
  }

  /** Forgets a link; a session without any is not reached here, a guest's ends. */
  linkGone(link: number): ServerSession | undefined {
    const { registry, addresses, engine } = this.#parts;
    const session = registry.ofLink(link);
    registry.linkClosed(link);
    if (session?.links.size !== 0) return session;
    addresses.release(session);
    if (session.guest) {
      engine.send({ type: "close_session", session: session.id, reason: "normal", text: "" });
      registry.remove(session.id);
    }
    return session;
  }

  #end(session: ServerSession, reason: CloseReason, text: string): void {
    const { registry, addresses, engine } = this.#parts;
    engine.send({ type: "close_session", session: session.id, reason, text });
    registry.remove(session.id);
    addresses.release(session);
  }
}

function sessionRow(session: ServerSession, wall: number): Session {
  return {
    id: shortSession(session.id),
    identity: session.identity,
    inner: [...session.addresses],
    epoch: Number(session.epoch),
    links: session.links.size,
    mtu: session.mtu,
    since_seconds: Math.round((wall - session.since) / 1000),
    expires_seconds: session.links.size > 0 ? null : Math.max(0, Math.round((session.expires - wall) / 1000)),
  };
}
