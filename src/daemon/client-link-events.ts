import type { ClientHost } from "./client-host.ts";
import type { ClientUpkeep } from "./client-upkeep.ts";
import type { ClientPool } from "./client-pool.ts";
import { type ClientSession, serverKey } from "./client-session.ts";
import type { ClientServers } from "./client-servers.ts";
import type { Event, LinkTimes } from "./engine/messages.ts";
import { type LinkRecord, timesOfEnd } from "./pool/link-book.ts";
import { callOutcome } from "./pool/outcome.ts";
import type { RoleParts } from "./role.ts";

type EventOf<Type extends Event["type"]> = Extract<Event, { type: Type }>;

interface ClientLinkEventsParts extends Pick<RoleParts, "clock" | "events" | "links"> {
  readonly session: ClientSession;
  readonly servers: ClientServers;
  readonly pool: ClientPool;
  readonly upkeep: ClientUpkeep;
  readonly host: ClientHost;
}

/** What a link's WELCOME, its server's GOAWAY and its end mean for the session, and what is told of them. */
export class ClientLinkEvents {
  readonly #parts: ClientLinkEventsParts;

  constructor(parts: ClientLinkEventsParts) {
    this.#parts = parts;
  }

  /** Errors: those of the host that does not take the session's addresses and routes. */
  async welcome({ link, slot, welcome, took }: EventOf<"welcome">): Promise<void> {
    const { links, session, pool } = this.#parts;
    const record = links.get(link);
    // A link that was retired stays so, with whatever token.
    if (record === undefined || record.state === "draining") return;
    const server = serverKey(welcome);
    const guests = pool.flowMode?.guests;
    const guest = guests?.has(link) === true;
    if (guest && !guests.welcomed(link, session.isHome(server))) return;
    const extra = pool.extra.has(link);
    if (extra && !pool.extra.welcomed(link, server)) return;
    const first = record.state !== "active";
    record.slot = slot;
    record.session = welcome.session;
    record.server = server;
    record.state = "active";
    if (extra && first) return this.#oneMore(record, took);
    if (guest) return first ? this.#guestIsUp(record, welcome.serverId, took) : undefined;
    await this.#home(record, welcome);
    if (first && links.get(link) !== undefined) this.#homeIsUp(record, welcome.serverId, took);
  }

  closed({ link, reason, text }: EventOf<"closed">): void {
    const { links, servers, upkeep, events, clock } = this.#parts;
    const record = links.remove(link);
    if (record?.state === "active") {
      const { backend } = record;
      const others = [...links].some((one) => one.backend === backend && one.state === "active");
      const outcome = callOutcome(reason);
      if (!others && outcome !== "cancelled" && outcome !== "local") servers.backends.linkDied(backend, reason);
      const message = `lost ${others ? "a" : "the"} link to ${backend} (${reason}) ${text}`.trim();
      events.add("warning", "link_down", message, { backend, reason, ...timesOfEnd(record, clock.now()) });
    } else if (record?.state === "draining") {
      const facts = { backend: record.backend, reason, ...timesOfEnd(record, clock.now()) };
      events.add("info", "link_retired", `a link to ${record.backend} ended after another took its place`, facts);
    }
    upkeep.closed(link, reason, text);
  }

  goaway({ link, scope, reason }: EventOf<"goaway">): void {
    const { links, servers, pool, upkeep, events } = this.#parts;
    const record = links.get(link);
    if (record === undefined) return;
    const { backend } = record;
    const { connector } = pool;
    // A server that leaves says so on every link.
    const told = scope === "link" || connector.current?.link === link;
    if (told) events.add("info", "goaway", `${backend} asks to be left: ${reason}`, { backend, scope, reason });
    if (scope === "server") servers.backends.leaving(backend);
    if (scope === "link") upkeep.replace(link);
    else if (connector.current?.link === link) connector.leave(scope);
  }

  /** The session's first link: what its WELCOME says holds for the session. */
  async #home(record: LinkRecord, welcome: EventOf<"welcome">["welcome"]): Promise<void> {
    const { session, pool, servers, upkeep, host } = this.#parts;
    const kept = session.take(welcome);
    record.inner = session.inner;
    pool.connector.welcomed(record.link, {
      id: welcome.session,
      epoch: welcome.epoch.toString(),
      token: welcome.token,
      clusterId: welcome.clusterId,
    });
    servers.backends.alive(record.backend, undefined, welcome.sessionCount);
    session.checkCluster(welcome, kept);
    upkeep.settle(record.link);
    await host.apply(welcome);
  }

  #homeIsUp({ backend }: LinkRecord, server: string, took: LinkTimes): void {
    const { session, pool, events } = this.#parts;
    session.ready = true;
    pool.spreadFlows();
    const inner = session.inner.join(" ");
    events.add("info", "link_up", `linked to ${server} as ${inner}`, { backend, inner, ...timeFacts(took) });
  }

  #guestIsUp(record: LinkRecord, server: string, took: LinkTimes): void {
    const { session, pool, events } = this.#parts;
    const { backend } = record;
    record.inner = session.inner;
    events.add("info", "link_up", `linked to ${server} as a guest`, { backend, ...timeFacts(took) });
    pool.spreadFlows();
  }

  #oneMore(record: LinkRecord, took: LinkTimes): void {
    const { session, pool, events } = this.#parts;
    const { backend } = record;
    record.inner = session.inner;
    pool.connector.joined();
    const count = 1 + pool.extra.links.length;
    const message = `one more link to ${backend}, ${count} in all`;
    events.add("info", "link_up", message, { backend, count, ...timeFacts(took) });
  }
}

function timeFacts({ authenticate, configure }: LinkTimes): { authenticate_ms: number; configure_ms: number } {
  return { authenticate_ms: Math.round(authenticate), configure_ms: Math.round(configure) };
}
