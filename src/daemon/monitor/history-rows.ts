import type { Connection, ConnectionState, LimitedBy } from "../../shared/control/snapshot.ts";

/** Bytes of a connection in one second of the history. */
export const rowBytes = 28;

/** Connections that the history tells apart at a time; one is forgotten when no second that is kept has it. */
const directoryRows = 4_096;

const states: readonly ConnectionState[] = [
  "connecting",
  "accepting",
  "authenticating",
  "configuring",
  "active",
  "draining",
  "closed",
];
const limits: readonly LimitedBy[] = ["nothing", "bucket", "backend_rtt", "peer_window", "breaker"];

/** What of a connection stays the same from second to second. */
interface Entry {
  readonly number: number;
  readonly row: Pick<Connection, "id" | "kind" | "identity" | "session" | "backend" | "remote" | "inner">;
  readonly since_ms: number;
  /** The newest second that has it. */
  last: number;
}

/** Packs connections into bytes, what stays the same kept once for all seconds. */
export class ConnectionRows {
  readonly #byId = new Map<string, Entry>();
  readonly #byNumber = new Map<number, Entry>();
  #next = 0;

  /** One second's connections; those that no longer fit into the directory are left out. */
  pack(connections: readonly Connection[], time_ms: number, second: number): Buffer {
    const out = Buffer.allocUnsafeSlow(connections.length * rowBytes);
    let at = 0;
    for (const row of connections) {
      const entry = this.#entry(row, time_ms, second);
      if (entry === undefined) continue;
      out.writeUInt32LE(entry.number, at);
      out.writeFloatLE(row.rx_bytes, at + 4);
      out.writeFloatLE(row.tx_bytes, at + 8);
      out.writeFloatLE(row.rx_bps, at + 12);
      out.writeFloatLE(row.tx_bps, at + 16);
      out.writeFloatLE(row.rtt_ms ?? Number.NaN, at + 20);
      out.writeUInt8(states.indexOf(row.state), at + 24);
      out.writeUInt8(limits.indexOf(row.limited_by), at + 25);
      out.writeUInt16LE(0, at + 26);
      at += rowBytes;
    }
    return out.subarray(0, at);
  }

  unpack(packed: Buffer, time_ms: number): Connection[] {
    const rows: Connection[] = [];
    for (let at = 0; at < packed.length; at += rowBytes) {
      const entry = this.#byNumber.get(packed.readUInt32LE(at));
      if (entry === undefined) continue;
      const rtt = packed.readFloatLE(at + 20);
      rows.push({
        ...entry.row,
        state: states[packed.readUInt8(at + 24)] ?? "closed",
        since_seconds: Math.max(0, Math.round((time_ms - entry.since_ms) / 1000)),
        rx_bytes: Math.round(packed.readFloatLE(at + 4)),
        tx_bytes: Math.round(packed.readFloatLE(at + 8)),
        rx_bps: Math.round(packed.readFloatLE(at + 12)),
        tx_bps: Math.round(packed.readFloatLE(at + 16)),
        rtt_ms: Number.isNaN(rtt) ? null : Math.round(rtt * 1000) / 1000,
        limited_by: limits[packed.readUInt8(at + 25)] ?? "nothing",
      });
    }
    return rows;
  }

  /** Forgets the connections that no second from `oldest` on has. */
  sweep(oldest: number): void {
    for (const entry of this.#byNumber.values()) {
      if (entry.last >= oldest) continue;
      this.#byNumber.delete(entry.number);
      if (this.#byId.get(entry.row.id) === entry) this.#byId.delete(entry.row.id);
    }
  }

  #entry(row: Connection, time_ms: number, second: number): Entry | undefined {
    const known = this.#byId.get(row.id);
    if (known !== undefined && same(known.row, row)) {
      known.last = second;
      return known;
    }
    if (this.#byNumber.size >= directoryRows) return undefined;
    const { id, kind, identity, session, backend, remote, inner } = row;
    const since_ms = time_ms - row.since_seconds * 1000;
    const fixed = { id, kind, identity, session, backend, remote, inner: [...inner] };
    const entry: Entry = { number: this.#next, since_ms, last: second, row: fixed };
    this.#next = (this.#next + 1) >>> 0;
    this.#byId.set(id, entry);
    this.#byNumber.set(entry.number, entry);
    return entry;
  }
}

function same(a: Entry["row"], b: Connection): boolean {
  return (
    a.backend === b.backend &&
    a.remote === b.remote &&
    a.identity === b.identity &&
    a.session === b.session &&
    a.kind === b.kind &&
    a.inner.length === b.inner.length &&
    a.inner.every((address, at) => address === b.inner[at])
  );
}
