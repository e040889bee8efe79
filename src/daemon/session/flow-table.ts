import type { Millis } from "../../shared/clock.ts";

/** No entry, in a chain or in a bucket. */
const none = 0xffff;
/** Live flows are counted anew after this: a flood of new flows must not count them all for each. */
const countEvery: Millis = 100;

/**
 * Which link each flow of one session is pinned to: a bounded hash table that forgets the flow that was silent longest
 * when it is full. Flows are known by their 32-bit hash: two that share one share a link, which harms neither. Nothing is
 * allocated after construction (about 24 bytes an entry).
 */
export class FlowTable {
  readonly #capacity: number;
  readonly #idle: Millis;
  readonly #mask: number;
  /** First entry of each bucket. */
  readonly #buckets: Uint16Array;
  /** Next entry of the same bucket. */
  readonly #next: Uint16Array;
  // Entries in the order of their last packet.
  readonly #older: Uint16Array;
  readonly #newer: Uint16Array;
  readonly #flows: Uint32Array;
  readonly #links: Uint32Array;
  readonly #groups: Uint16Array;
  /** Milliseconds modulo 2^32 of the last packet. */
  readonly #seen: Uint32Array;
  /** Live flows by group, when they were counted last and those pinned since. */
  readonly #live = new Map<number, number>();
  #countedAt: Millis = Number.NEGATIVE_INFINITY;
  #oldest = none;
  #newest = none;
  #size = 0;

  /** `capacity` is a power of two below 65,536; a flow that was silent for `idle` is not pinned any longer. */
  constructor(capacity: number, idle: Millis) {
    this.#capacity = capacity;
    this.#idle = idle;
    this.#mask = capacity - 1;
    this.#buckets = new Uint16Array(capacity).fill(none);
    this.#next = new Uint16Array(capacity);
    this.#older = new Uint16Array(capacity);
    this.#newer = new Uint16Array(capacity);
    this.#flows = new Uint32Array(capacity);
    this.#links = new Uint32Array(capacity);
    this.#groups = new Uint16Array(capacity);
    this.#seen = new Uint32Array(capacity);
  }

  /** Flows in the table, live or not. */
  get size(): number {
    return this.#size;
  }

  /** The link that a flow with a packet now is pinned to; 0 when it is to be chosen anew. */
  linkOf(flow: number, now: Millis): number {
    const entry = this.#find(flow);
    if (entry === none) return 0;
    const time = Math.floor(now) >>> 0;
    const silent = (time - this.#seen[entry]!) >>> 0;
    if (silent >= this.#idle) return 0;
    this.#seen[entry] = time;
    this.#touch(entry);
    return this.#links[entry]!;
  }

  /** The group of the link that a flow was pinned to last, live or not; 0 when it is not known. */
  groupOf(flow: number): number {
    const entry = this.#find(flow);
    return entry === none ? 0 : this.#groups[entry]!;
  }

  /** Flows of a group that had a packet within the idle time, as of the last 100 ms. */
  liveOf(group: number, now: Millis): number {
    if (now - this.#countedAt >= countEvery) this.#countLive(now);
    return this.#live.get(group) ?? 0;
  }

  /** Pins a flow that has a packet now. `link` is above 0, `group` below 65,536. */
  pin(flow: number, link: number, now: Millis, group = 0): void {
    let entry = this.#find(flow);
    if (entry === none) entry = this.#insert(flow);
    else this.#touch(entry);
    this.#links[entry] = link;
    this.#groups[entry] = group;
    this.#seen[entry] = Math.floor(now) >>> 0;
    this.#live.set(group, (this.#live.get(group) ?? 0) + 1);
  }

  #countLive(now: Millis): void {
    this.#countedAt = now;
    this.#live.clear();
    const time = Math.floor(now) >>> 0;
    for (let entry = this.#newest; entry !== none; entry = this.#older[entry]!) {
      if ((time - this.#seen[entry]!) >>> 0 >= this.#idle) break;
      const group = this.#groups[entry]!;
      this.#live.set(group, (this.#live.get(group) ?? 0) + 1);
    }
  }

  #find(flow: number): number {
    let entry = this.#buckets[flow & this.#mask]!;
    while (entry !== none && this.#flows[entry] !== flow) entry = this.#next[entry]!;
    return entry;
  }

  #insert(flow: number): number {
    const entry = this.#size < this.#capacity ? this.#size++ : this.#evict();
    const bucket = flow & this.#mask;
    this.#flows[entry] = flow;
    this.#next[entry] = this.#buckets[bucket]!;
    this.#buckets[bucket] = entry;
    this.#append(entry);
    return entry;
  }

  /** Frees the entry whose flow was silent longest. */
  #evict(): number {
    const entry = this.#oldest;
    const bucket = this.#flows[entry]! & this.#mask;
    const after = this.#next[entry]!;
    let at = this.#buckets[bucket]!;
    if (at === entry) {
      this.#buckets[bucket] = after;
    } else {
      while (this.#next[at] !== entry) at = this.#next[at]!;
      this.#next[at] = after;
    }
    this.#detach(entry);
    return entry;
  }

  #touch(entry: number): void {
    if (entry === this.#newest) return;
    this.#detach(entry);
    this.#append(entry);
  }

  #append(entry: number): void {
    this.#older[entry] = this.#newest;
    this.#newer[entry] = none;
    if (this.#newest === none) this.#oldest = entry;
    else this.#newer[this.#newest] = entry;
    this.#newest = entry;
  }

  #detach(entry: number): void {
    const older = this.#older[entry]!;
    const newer = this.#newer[entry]!;
    if (older === none) this.#oldest = newer;
    else this.#newer[older] = newer;
    if (newer === none) this.#newest = older;
    else this.#older[newer] = older;
  }
}
