import { networkInterfaces } from "node:os";
import type { ClientPool } from "./client-pool.ts";
import type { ClientSession } from "./client-session.ts";
import type { ClientSettings } from "./config/settings.ts";
import type { ActionResult } from "./control/backend.ts";
import { LinkAges } from "./pool/link-ages.ts";
import type { LinkRecord } from "./pool/link-book.ts";
import type { RoleParts } from "./role.ts";

interface ClientUpkeepParts extends Pick<RoleParts, "clock" | "links"> {
  readonly session: ClientSession;
  settings(): ClientSettings;
}

/** Replaces, leaves and gives up links of the session; the pool decides what comes in their place. */
export class ClientUpkeep {
  readonly #pool: ClientPool;
  readonly #parts: ClientUpkeepParts;
  /** Our own outer address of each link. */
  readonly #localOf = new Map<number, string>();
  readonly #ages = new LinkAges();
  /** Links that are to be replaced. */
  readonly #worn = new Set<number>();

  constructor(pool: ClientPool, parts: ClientUpkeepParts) {
    this.#pool = pool;
    this.#parts = parts;
  }

  /** The session has a link on a server: if it is its first there, others follow. */
  settle(link: number): void {
    const { current } = this.#pool.connector;
    const server = this.#parts.links.get(link)?.server;
    if (current?.link !== link || server === undefined) return;
    this.#pool.extra.settle({ endpoint: current.endpoint, address: current.address, server });
  }

  /** The link is up by TLS from this outer address of ours. */
  secured(link: number, local: string): void {
    this.#localOf.set(link, local);
  }

  /** A link is gone: whoever looked after it is told. */
  closed(link: number, reason: string, text: string): void {
    this.#localOf.delete(link);
    if (this.#pool.extra.has(link)) return this.#pool.extra.ended(link, reason, text);
    const guests = this.#pool.flowMode?.guests;
    if (guests?.has(link) === true) return guests.ended(link, reason, text);
    const wasFirst = this.#pool.connector.current?.link === link;
    this.#pool.connector.closed(link, reason, text);
    if (wasFirst) this.#firstLinkGone();
  }

  dialFailed(link: number, reason: string, text: string): void {
    if (this.#pool.extra.has(link)) return this.#pool.extra.ended(link, reason, text);
    this.#pool.flowMode?.guests.ended(link, reason, text);
    this.#pool.connector.dialFailed(link, reason, text);
  }

  worn(link: number): void {
    this.#worn.add(link);
  }

  /** Once a second: replaces what is old or worn. */
  replaceWorn(): void {
    const { links, clock } = this.#parts;
    const { rotation_interval: age } = this.#parts.settings().security.certificates;
    for (const { link } of this.#ages.due(links, age, clock.now())) this.#worn.add(link);
    for (const link of this.#worn) {
      if (links.get(link)?.state === "active") this.replace(link);
      else this.#worn.delete(link);
    }
  }

  /** By a new link to the same server. */
  replace(link: number): void {
    this.#pool.flowMode?.guests.replace(link);
    if (this.#pool.connector.current?.link === link) this.#pool.connector.leave("link");
    else this.#pool.extra.replace(link);
  }

  /** An operator's `rotate`. */
  replaceAll(dryRun: boolean): ActionResult {
    const count = this.#parts.links.size;
    const what = `${count} ${count === 1 ? "link" : "links"} by new ones`;
    if (count === 0) return { kind: "refused", message: "no link is up that could be replaced" };
    if (!dryRun) {
      this.#pool.connector.leave("link");
      for (const link of this.#pool.extra.links) this.#pool.extra.replace(link);
    }
    return { kind: "done", message: `${dryRun ? "would replace" : "replaces"} ${what}`, facts: { links: count } };
  }

  /** An operator took a server out. */
  takenOut(backend: string, admin: "drain" | "maint"): void {
    const { links, session } = this.#parts;
    if (admin === "maint") {
      for (const record of links) {
        if (record.backend === backend) this.#pool.close(record.link, "the backend is in maintenance");
      }
    } else if (this.#pool.connector.current?.endpoint.name === backend && session.keepsFlows === true) {
      this.#pool.connector.leave("server");
    }
  }

  /** Addresses of the host changed: links from those that are gone are given up. */
  networkChanged(): void {
    for (const record of this.#parts.links) {
      const local = this.#localOf.get(record.link);
      if (local !== undefined && record.index !== undefined && !hostHas(local)) this.#abandon(record);
    }
    this.#pool.connector.hurry();
  }

  /** The link's outer address is gone: another link may have its place at once. */
  #abandon(record: LinkRecord): void {
    const { link } = record;
    record.index = undefined;
    this.#pool.flowMode?.guests.ended(link, "network_changed", "");
    if (this.#pool.extra.has(link)) this.#pool.extra.ended(link, "network_changed", "");
    else if (this.#pool.connector.current?.link === link) {
      this.#pool.connector.abandon();
      this.#firstLinkGone();
    }
    this.#pool.close(link, "the outer address is gone");
  }

  /** Another link is the session's first now, or it has none. */
  #firstLinkGone(): void {
    const next = this.#pool.connector.current;
    if (next !== undefined) return this.settle(next.link);
    this.#parts.session.ready = false;
    this.#pool.extra.unsettle();
  }
}

function hostHas(address: string): boolean {
  return Object.values(networkInterfaces()).some((list) => list?.some((one) => one.address === address));
}
