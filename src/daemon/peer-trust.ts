import type { Clock } from "../shared/clock.ts";
import type { CertificateReport } from "../shared/control/certificates.ts";
import type { DenyList } from "./access/deny-list.ts";
import type { Certificates } from "./certificates.ts";
import type { ActionResult } from "./control/backend.ts";
import type { Engine } from "./engine/engine.ts";
import type { Event } from "./engine/messages.ts";
import type { EventLog } from "./monitor/event-log.ts";
import type { LinkBook } from "./pool/link-book.ts";
import type { Role } from "./role.ts";

/** Rows of `ctl certificates` about identities that were shut out. */
const mostDenied = 1000;
/** Ends of links that are the peer's fault, as this end names them. */
const peerFaults: ReadonlySet<string> = new Set(["protocol_error", "hello_timeout", "frame_timeout"]);

export interface PeerTrustParts {
  readonly clock: Clock;
  readonly events: EventLog;
  readonly links: LinkBook;
  readonly engine: Engine;
  readonly role: Role;
  readonly certificates: Certificates;
  readonly denied: DenyList;
}

/** Which peers' links may come up and stay: by their certificates, and by who was shut out. */
export class PeerTrust {
  /** What `status.refused` counts: handshakes that came to nothing, and links that broke the protocol; by reason. */
  readonly refused: Map<string, number> = new Map();
  readonly #parts: PeerTrustParts;

  constructor(parts: PeerTrustParts) {
    this.#parts = parts;
  }

  /** Sees every event of the data thread; false: its link is being closed, and nobody else is to hear of it. */
  admits(event: Event): boolean {
    if (isRefusal(event)) this.#count(event.reason);
    if (event.type === "hello") return this.#meet(event, event.identity);
    if (event.type === "secured") return this.#meet(event, this.#parts.links.get(event.link)?.identity ?? "");
    if (event.type === "closed") this.#parts.certificates.forget(event.link);
    return true;
  }

  /** Once a second, and when other certificates count: ends links that are trusted no longer. */
  closeDistrusted(): void {
    const { certificates, role, events } = this.#parts;
    const gone = certificates.distrusted();
    for (const reason of new Set(gone.map((one) => one.reason))) {
      const links = gone.filter((one) => one.reason === reason).map(({ link }) => link);
      role.closeLinks(new Set(links), reason);
    }
    for (const { identity, reason } of gone) {
      events.add("warning", "link_distrusted", `closed a link of ${identity}: ${reason}`, { identity, reason });
    }
  }

  /** Shuts an identity out of a server, or lets it in again. */
  deny(identity: string, denied: boolean, dryRun: boolean): ActionResult {
    const { denied: list, links: book, clock, events, role } = this.#parts;
    const links = [...book].filter((record) => record.identity === identity).length;
    if (list.has(identity) === denied) {
      return { kind: "refused", message: `${identity} is ${denied ? "shut out already" : "not shut out"}` };
    }
    const count = `${links} ${links === 1 ? "link" : "links"}`;
    const facts = { links };
    const would = denied ? `would shut ${identity} out and end ${count}` : `would let ${identity} in again`;
    if (dryRun) return { kind: "done", message: would, facts };
    if (denied) list.add(identity, clock.wall());
    else list.remove(identity);
    if (denied) events.add("warning", "identity_denied", `${identity} is shut out by an operator`, { identity });
    else events.add("info", "identity_allowed", `${identity} is let in again by an operator`, { identity });
    role.withdraw();
    const message = denied ? `${identity} is shut out, ${count} ended` : `${identity} is let in again`;
    return { kind: "done", message, facts };
  }

  report(): CertificateReport {
    const { certificates, denied: list } = this.#parts;
    const { total, rows } = certificates.peers();
    const denied = list.rows().slice(-mostDenied);
    return {
      own: certificates.own(),
      peers: rows,
      peers_total: total,
      denied: denied.map(({ identity, sinceMs }) => ({ identity, since_ms: sinceMs })),
    };
  }

  /** Keeps the certificate of a link that comes up; false when the link must not: its certificate is good no longer. */
  #meet({ link, certificate, remote }: Extract<Event, { type: "hello" | "secured" }>, identity: string): boolean {
    const { certificates, engine, events } = this.#parts;
    const reason = certificates.meet(link, identity, certificate);
    if (reason === undefined) return true;
    engine.send({ type: "close", link, reason: "denied", text: reason });
    this.#count(reason);
    events.add("warning", "handshake_refused", `${remote}: ${reason}`, { remote, reason });
    return false;
  }

  #count(reason: string): void {
    this.refused.set(reason, (this.refused.get(reason) ?? 0) + 1);
  }
}

function isRefusal(event: Event): event is Extract<Event, { reason: string }> {
  if (event.type === "refused" || event.type === "dial_failed") return true;
  return event.type === "closed" && peerFaults.has(event.reason);
}
