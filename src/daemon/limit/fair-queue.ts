import type { Millis } from "../../shared/clock.ts";
import { CoDel } from "./codel.ts";

/** What waits; a packet or a unit of several. */
export interface Queued {
  /** Hash of its flow. */
  readonly flow: number;
  readonly bytes: number;
  readonly packets: number;
  /** When it began to wait. */
  readonly since: Millis;
}

/** Why something left the queue without having been sent. */
export type QueueDrop = "queue_full" | "queue_delay";

/** Flows are told apart by this many bits of their hash (RFC 8290, section 4.1.2). */
const flowBits = 10;
/** Once full, so much is dropped of the fattest flow at once, as a flood would have every enqueue look for it. */
const dropAtOnce = 64;

interface Flow<T extends Queued> {
  items: T[];
  /** Index of the first item that still waits. */
  head: number;
  bytes: number;
  deficit: number;
  readonly codel: CoDel;
  list: "none" | "new" | "old";
}

/**
 * Packets that wait for a session's turn: per-flow deficit round robin with a list of new flows that go first (RFC 8290)
 * and CoDel on each flow (RFC 8289), so that a flow which sends little never waits behind one that sends much.
 */
export class FairQueue<T extends Queued> {
  readonly #flows: (Flow<T> | undefined)[] = [];
  #new: Flow<T>[] = [];
  #old: Flow<T>[] = [];
  readonly #dropped: (item: T, reason: QueueDrop) => void;
  /** Bytes that a flow may send in its turn. */
  quantum = 1514;
  /** Bytes a millisecond at which it is emptied, as far as is known: a packet's own time is no standing delay. */
  pace: number = Number.POSITIVE_INFINITY;
  /** Nothing is too late: how fast it can be emptied is not known. */
  patient = false;
  /** Bytes that may wait; the owner may change it. */
  limit: number;
  bytes = 0;
  /** Items that wait. */
  size = 0;

  constructor(limit: number, dropped: (item: T, reason: QueueDrop) => void) {
    this.limit = limit;
    this.#dropped = dropped;
  }

  /** Takes an item; when it is too much, the fattest flow pays, which may be the item's own. */
  enqueue(item: T): void {
    const flow = this.#flowOf(item.flow);
    flow.items.push(item);
    flow.bytes += item.bytes;
    this.bytes += item.bytes;
    this.size += 1;
    if (flow.list === "none") {
      flow.list = "new";
      flow.deficit = this.quantum;
      this.#new.push(flow);
    }
    // Others may have used so much that not even nothing fits.
    while (this.size > 0 && this.bytes > this.limit) this.#dropFattest();
  }

  /**
   * The item whose turn it is; undefined when nothing waits, or nothing that `mayGo` lets pass. A flow whose first item
   * may not go keeps its place behind the others.
   */
  dequeue(now: Millis, mayGo: (item: T) => boolean): T | undefined {
    for (let refused = 0; refused < this.#new.length + this.#old.length; ) {
      const list = this.#new.length > 0 ? this.#new : this.#old;
      const flow = list[0];
      if (flow === undefined) return undefined;
      if (flow.deficit <= 0) {
        flow.deficit += this.quantum;
        this.#toOld(list, flow);
        refused = 0;
        continue;
      }
      const first = flow.items[flow.head];
      if (first !== undefined && !mayGo(first)) {
        refused += 1;
        this.#toOld(list, flow);
        continue;
      }
      const item = this.#next(flow, now);
      if (item !== undefined) {
        flow.deficit -= item.bytes;
        return item;
      }
      this.#emptied(list, flow);
    }
    return undefined;
  }

  /** Takes everything out. */
  clear(): T[] {
    const items: T[] = [];
    for (const flow of [...this.#new, ...this.#old]) {
      while (flow.head < flow.items.length) items.push(this.#shift(flow));
      flow.list = "none";
    }
    this.#new = [];
    this.#old = [];
    return items;
  }

  #flowOf(hash: number): Flow<T> {
    const index = (hash ^ (hash >>> flowBits)) & ((1 << flowBits) - 1);
    const existing = this.#flows[index];
    if (existing !== undefined) return existing;
    const flow: Flow<T> = { items: [], head: 0, bytes: 0, deficit: 0, codel: new CoDel(), list: "none" };
    this.#flows[index] = flow;
    return flow;
  }

  /** The flow's next item that has not waited too long in CoDel's sense. */
  #next(flow: Flow<T>, now: Millis): T | undefined {
    for (;;) {
      const first = flow.items[flow.head];
      if (first === undefined) {
        flow.codel.empty();
        return undefined;
      }
      // What is left when it goes decides: the last packets of a flow are never dropped.
      const drop = !this.patient && flow.codel.drops(now - first.since, flow.bytes - first.bytes, this.pace, now);
      const item = this.#shift(flow);
      if (!drop) return item;
      this.#dropped(item, "queue_delay");
    }
  }

  #shift(flow: Flow<T>): T {
    const item = flow.items[flow.head] as T;
    flow.head += 1;
    if (flow.head === flow.items.length) {
      flow.items = [];
      flow.head = 0;
    } else if (flow.head > 256 && flow.head * 2 > flow.items.length) {
      flow.items.splice(0, flow.head);
      flow.head = 0;
    }
    flow.bytes -= item.bytes;
    this.bytes -= item.bytes;
    this.size -= 1;
    return item;
  }

  #toOld(list: Flow<T>[], flow: Flow<T>): void {
    list.shift();
    flow.list = "old";
    this.#old.push(flow);
  }

  /** A new flow that ran empty goes through the old ones once, so that it can't stay new by sending little each time. */
  #emptied(list: Flow<T>[], flow: Flow<T>): void {
    if (list === this.#new && this.#old.length > 0) return this.#toOld(list, flow);
    list.shift();
    flow.list = "none";
  }

  #dropFattest(): void {
    let fattest: Flow<T> | undefined;
    for (const flow of this.#new) if (flow.bytes > (fattest?.bytes ?? 0)) fattest = flow;
    for (const flow of this.#old) if (flow.bytes > (fattest?.bytes ?? 0)) fattest = flow;
    if (fattest === undefined) return;
    const half = fattest.bytes / 2;
    const enough = this.limit - this.limit / 16;
    for (let count = 0; count < dropAtOnce && fattest.bytes > half && this.bytes > enough; count++) {
      this.#dropped(this.#shift(fattest), "queue_full");
    }
  }
}
