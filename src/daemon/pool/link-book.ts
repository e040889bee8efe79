import type { ConnectionState } from "../../shared/control/snapshot.ts";

/** A link as the control plane knows it; its figures are in the data thread's slots. */
export interface LinkRecord {
  readonly link: number;
  /** Base of its slot; undefined while the TLS handshake is under way. */
  slot: number | undefined;
  identity: string;
  session: string;
  readonly backend: string;
  remote: string;
  inner: readonly string[];
  state: ConnectionState;
  /** Client: its place in the session; undefined once another link may have it. Server: undefined. */
  index: number | undefined;
  /** Client: id and start of the server, once it said WELCOME. */
  server: string | undefined;
  /** Monotonic milliseconds. */
  readonly since: number;
  /** When it began to drain; undefined: it does not. */
  drainingSince: number | undefined;
}

/** How long a link took that ended now, for its event. */
export function timesOfEnd(
  { since, drainingSince }: LinkRecord,
  now: number,
): { lived_seconds: number; drained_ms?: number } {
  const lived_seconds = Math.round((now - since) / 1000);
  return drainingSince === undefined
    ? { lived_seconds }
    : { lived_seconds, drained_ms: Math.round(now - drainingSince) };
}

/** Public id of a link, as `ctl connections` shows it. */
export function connectionId(link: number): string {
  return `c${link}`;
}

/** Public id of a session: enough of it to be unique among those of a server. */
export function shortSession(id: string): string {
  return id.slice(0, 12);
}

export class LinkBook {
  readonly #links = new Map<number, LinkRecord>();

  add(record: LinkRecord): LinkRecord {
    this.#links.set(record.link, record);
    return record;
  }

  get(link: number): LinkRecord | undefined {
    return this.#links.get(link);
  }

  remove(link: number): LinkRecord | undefined {
    const record = this.#links.get(link);
    this.#links.delete(link);
    return record;
  }

  /** Another link takes its place. */
  drain(link: number, now: number): LinkRecord | undefined {
    const record = this.#links.get(link);
    if (record === undefined) return undefined;
    record.state = "draining";
    record.drainingSince ??= now;
    return record;
  }

  byConnectionId(id: string): LinkRecord | undefined {
    const link = /^c(\d+)$/.exec(id)?.[1];
    return link === undefined ? undefined : this.#links.get(Number(link));
  }

  /**
   * The lowest place in the session that no link has: whoever replaces a lost link gets its place, so that the server ends
   * that one if it still believes in it.
   */
  freeIndex(): number {
    const taken = new Set([...this.#links.values()].map(({ index }) => index));
    let index = 0;
    while (taken.has(index)) index += 1;
    return index;
  }

  get size(): number {
    return this.#links.size;
  }

  [Symbol.iterator](): IterableIterator<LinkRecord> {
    return this.#links.values();
  }
}
