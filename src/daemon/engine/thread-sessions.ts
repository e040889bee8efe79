import { fullLength } from "../../shared/address.ts";
import { compileAcl } from "../access/acl.ts";
import type { MoveOver } from "../flow/move-over.ts";
import type { FlowLink, FlowSession } from "../flow/ports.ts";
import type { CloseReason, Welcome } from "../link/messages.ts";
import type { SessionSpec } from "../session/data-session.ts";
import type { SessionTable } from "../session/session-table.ts";
import type { Complaints } from "./complaints.ts";
import type { Command } from "./messages.ts";
import type { LinkLoss } from "./link-loss.ts";
import type { HeldLink, LinkTable } from "./link-table.ts";
import type { SessionLimits } from "./session-limits.ts";
import { Spread, type SpreadServer } from "./spread.ts";

interface ThreadSessionsParts {
  /** MTU of this end. */
  readonly mtu: number;
  readonly table: SessionTable<FlowLink>;
  readonly links: LinkTable;
  readonly limits: SessionLimits;
  readonly loss: LinkLoss;
  readonly complaints: Complaints;
  /** Number of this thread. */
  readonly thread: number;
  /** Undefined while there is one data thread. */
  readonly moveOver: MoveOver | undefined;
}

/** The sessions of a data thread: what they are, which links they have, and their end. */
export class ThreadSessions {
  readonly #parts: ThreadSessionsParts;
  #spread: Spread | undefined;

  constructor(parts: ThreadSessionsParts) {
    this.#parts = parts;
  }

  /** A server's session as its control plane wants it. */
  put(spec: SessionSpec): FlowSession {
    const session = this.#parts.table.put(spec);
    session.filter = compileAcl(spec.acl);
    return session;
  }

  /** A session of which another thread gets a link; the links here that it takes the place of end. */
  know({ session: spec, threads, linkIndex, supersede }: Extract<Command, { type: "know" }>): void {
    const session = this.put(spec);
    this.hold(spec.id, threads);
    const ended = session.links.filter(({ index }) => supersede || index === linkIndex);
    for (const { id } of ended) this.#parts.links.get(id)?.link.close("superseded", "a newer link took its place");
  }

  /** These threads have links of the session, this one perhaps among them. */
  hold(id: string, threads: readonly number[]): void {
    const session = this.#parts.table.get(id);
    if (session === undefined) return;
    session.elsewhere = threads.filter((thread) => thread !== this.#parts.thread);
    this.#parts.moveOver?.look(session);
  }

  /** The same, if the session is there. */
  respec(spec: SessionSpec): void {
    if (this.#parts.table.get(spec.id) !== undefined) this.put(spec);
  }

  /** A client's one session, as the servers of its links describe it. */
  welcomed(held: HeldLink, welcome: Welcome): FlowSession {
    const { table, links, mtu } = this.#parts;
    for (const { id } of table) {
      if (id !== welcome.session) this.close(id, "superseded", "another session took its place");
    }
    held.welcome = welcome;
    // A flow may go over any of the session's links, whose servers need not be alike.
    const said = [...links].flatMap((one) => one.welcome ?? []);
    const all = (feature: keyof SessionSpec["peer"]): boolean =>
      said.every(({ capabilities }) => capabilities[feature]);
    const session = table.put({
      id: welcome.session,
      identity: held.link.identity,
      prefixes: welcome.addresses.map(({ address }) => ({ address, length: fullLength(address) })),
      mtu: Math.min(mtu, ...said.map((one) => one.mtu)),
      peer: { checksum: all("checksum"), tso4: all("tso4"), tso6: all("tso6"), uso: all("uso") },
      acl: [],
    });
    if (this.#spread !== undefined) session.spread(this.#spread.choose);
    return session;
  }

  join(held: HeldLink, session: FlowSession): void {
    this.#parts.links.bind(held, session);
    held.link.activate();
    session.add(held.link);
    this.#parts.limits.apply(session);
    this.#parts.loss.over(session);
  }

  /** New flows go to the servers by this strategy from now on. */
  spread(strategy: Spread["strategy"], servers: readonly SpreadServer[]): void {
    if (this.#spread?.strategy !== strategy) this.#spread = new Spread(strategy);
    this.#spread.use(servers);
    for (const session of this.#parts.table) session.spread(this.#spread.choose);
  }

  close(id: string, reason: CloseReason, text: string): void {
    const { table, links, limits, loss, complaints } = this.#parts;
    // Also those that the client has left and not closed yet.
    for (const { link } of links.ofSession(id)) link.close(reason, text);
    const gone = table.remove(id);
    if (gone !== undefined) {
      limits.forget(gone, !table.hasIdentity(gone.identity));
      loss.forget(gone);
    }
    complaints.forget(id);
  }
}
