import type { Connection } from "../shared/control/snapshot.ts";
import type { ActionResult } from "./control/backend.ts";
import type { Event } from "./engine/messages.ts";
import { connectionId } from "./pool/link-book.ts";
import type { RoleParts } from "./role.ts";

type Arriving = Extract<Event, { type: "arriving" }>;

interface ServerArrivalsParts extends Pick<RoleParts, "clock" | "engine" | "events" | "links"> {
  /** Name of this server. */
  readonly name: string;
}

/** Connections that came to a server and are not links yet, as the data thread last told of them. */
export class ServerArrivals {
  readonly #parts: ServerArrivalsParts;
  #told: { readonly at: number; readonly of: Arriving } | undefined;

  constructor(parts: ServerArrivalsParts) {
    this.#parts = parts;
  }

  heard(of: Arriving): void {
    this.#told = { at: this.#parts.clock.now(), of };
  }

  get count(): number {
    return this.#told?.of.count ?? 0;
  }

  rows(): Connection[] {
    const { clock, links, name } = this.#parts;
    if (this.#told === undefined) return [];
    const { at, of } = this.#told;
    const past = clock.now() - at;
    // HELLO may have come since.
    return of.shown
      .filter(({ link }) => links.get(link) === undefined)
      .map(({ link, remote, identity, state, age }) => ({
        id: connectionId(link),
        kind: "link",
        identity,
        session: "",
        backend: name,
        remote,
        inner: [],
        state,
        since_seconds: Math.round((age + past) / 1000),
        rx_bytes: 0,
        tx_bytes: 0,
        rx_bps: 0,
        tx_bps: 0,
        rtt_ms: null,
        limited_by: "nothing",
      }));
  }

  /** Undefined when no such connection is among those that are shown. */
  kick(id: string, reason: string, dryRun: boolean): ActionResult | undefined {
    const { engine, events } = this.#parts;
    const found = this.#told?.of.shown.find(({ link }) => connectionId(link) === id);
    if (found === undefined) return undefined;
    const { link, identity, remote } = found;
    const what = `connection ${id} from ${remote}`;
    if (dryRun) return { kind: "done", message: `would close ${what}; the peer may come back` };
    engine.send({ type: "close", link, reason: "kicked", text: reason });
    events.add("warning", "link_kicked", `closed ${what}`, { identity, reason });
    return { kind: "done", message: `closed ${what}; the peer may come back` };
  }
}
