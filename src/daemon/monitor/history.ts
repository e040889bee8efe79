import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import type { Moment, Snapshot } from "../../shared/control/snapshot.ts";
import { busiest } from "./busiest.ts";
import { ConnectionRows } from "./history-rows.ts";

/** What the history takes of a snapshot. */
export type Recorded = Omit<Snapshot, "v" | "control" | "top" | "events" | "history">;

/** 15 minutes of seconds. */
const seconds = 900;
/** Of each second: the connections with the most traffic, and the first rows of each other table. */
export const mostKept = { connections: 512, rows: 128 };
/** Bytes that all seconds take together; beyond it the oldest go. 512 connections for 15 minutes are 12.9 MB. */
const bytesKept = 16 * 1024 * 1024;
const sweepEvery = 60;

interface Frame {
  readonly second: number;
  readonly time_ms: number;
  /** Everything but the connections, as deflated JSON. */
  readonly rest: Buffer;
  readonly connections: Buffer;
}

/**
 * The daemon's state of each second of the last 15 minutes, in bounded memory: at most 16 MiB of packed rows outside
 * of the heap and about 2 MB of names.
 */
export class History {
  readonly #rows = new ConnectionRows();
  #frames: Frame[] = [];
  #bytes = 0;
  #seconds = 0;

  /** Bytes of memory that the packed rows take. */
  get bytes(): number {
    return this.#bytes;
  }

  get oldest(): number | null {
    return this.#frames[0]?.time_ms ?? null;
  }

  get newest(): number | null {
    return this.#frames.at(-1)?.time_ms ?? null;
  }

  /** Keeps one more second, of which `left` rows are not even here. */
  record({ connections, time_ms, ...state }: Recorded, left: number): void {
    const second = this.#seconds;
    this.#seconds += 1;
    const shown = busiest(connections, mostKept.connections, ({ rx_bps, tx_bps }) => rx_bps + tx_bps);
    const packed = this.#rows.pack(shown, time_ms, second);
    const { cut, omitted } = cutTables(state);
    const json = JSON.stringify({ ...cut, omitted: left + omitted + connections.length - shown.length });
    const rest = exactly(deflateRawSync(json, { level: constants.Z_BEST_SPEED }));
    this.#frames.push({ second, time_ms, rest, connections: packed });
    this.#bytes += rest.buffer.byteLength + packed.buffer.byteLength;
    this.#evict();
    if (second % sweepEvery === 0) this.#rows.sweep(this.#frames[0]?.second ?? second);
  }

  /** The state in the second of `at_ms`; undefined when nobody measured then. */
  at(at_ms: number): Moment | undefined {
    const frame = this.#frames.findLast(({ time_ms }) => time_ms <= at_ms + slack);
    if (frame === undefined || at_ms - frame.time_ms > longestGap) return undefined;
    const { time_ms } = frame;
    const rest = JSON.parse(inflateRawSync(frame.rest).toString()) as Omit<Moment, "time_ms" | "connections">;
    return { ...rest, time_ms, connections: this.#rows.unpack(frame.connections, time_ms) };
  }

  #evict(): void {
    while (this.#frames.length > seconds || this.#bytes > bytesKept) {
      const gone = this.#frames.shift();
      this.#bytes -= gone === undefined ? 0 : gone.rest.buffer.byteLength + gone.connections.buffer.byteLength;
    }
  }
}

/** A copy in memory of its own size: what zlib returns is the start of a piece of 64 KiB that stays as long as it does. */
function exactly(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}

/** Milliseconds by which a second may be late and still is the one that was meant. */
const slack = 50;
/** Milliseconds after a measured second from which on nobody measured. */
const longestGap = 1_500;

/** The tables without the rows beyond what is kept. */
function cutTables<State extends object>(state: State): { cut: State; omitted: number } {
  let omitted = 0;
  const cut = { ...state };
  for (const [name, value] of Object.entries(state) as [keyof State, unknown][]) {
    if (!Array.isArray(value) || value.length <= mostKept.rows) continue;
    omitted += value.length - mostKept.rows;
    cut[name] = value.slice(0, mostKept.rows) as State[keyof State];
  }
  return { cut, omitted };
}
