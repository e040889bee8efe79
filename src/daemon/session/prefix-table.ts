import type { Prefix, Words } from "../../shared/address.ts";

/**
 * Longest-prefix look-up from an inner address to what owns it. One hash map per prefix length in use, the longest
 * first: with host addresses only, as most servers have, a look-up is one map access.
 */
export class PrefixTable<T> {
  readonly #v4: { readonly length: number; readonly mask: number; readonly entries: Map<number, T> }[] = [];
  readonly #v6: { readonly length: number; readonly masks: Words; readonly entries: Map<number, Entry6<T>[]> }[] = [];

  /** Returns whom the prefix belonged to before. */
  set(prefix: Prefix, value: T): T | undefined {
    if (prefix.address.family === 4) {
      const level = this.#level4(prefix.length);
      const key = (prefix.address.word & level.mask) >>> 0;
      const before = level.entries.get(key);
      level.entries.set(key, value);
      return before;
    }
    const level = this.#level6(prefix.length);
    const words = masked(prefix.address.words, level.masks);
    const key = hash6(...words);
    const bucket = level.entries.get(key) ?? [];
    const present = bucket.find((entry) => same(entry.words, words));
    const before = present?.value;
    if (present === undefined) bucket.push({ words, value });
    else present.value = value;
    level.entries.set(key, bucket);
    return before;
  }

  /** Removes the prefix if it belongs to `value`; whether it did. */
  delete(prefix: Prefix, value: T): boolean {
    if (prefix.address.family === 4) {
      const level = this.#level4(prefix.length);
      const key = (prefix.address.word & level.mask) >>> 0;
      const removed = level.entries.get(key) === value && level.entries.delete(key);
      if (level.entries.size === 0) this.#v4.splice(this.#v4.indexOf(level), 1);
      return removed;
    }
    const level = this.#level6(prefix.length);
    const words = masked(prefix.address.words, level.masks);
    const key = hash6(...words);
    const bucket = level.entries.get(key) ?? [];
    const rest = bucket.filter((entry) => !(same(entry.words, words) && entry.value === value));
    if (rest.length === 0) level.entries.delete(key);
    else level.entries.set(key, rest);
    if (level.entries.size === 0) this.#v6.splice(this.#v6.indexOf(level), 1);
    return rest.length < bucket.length;
  }

  find4(word: number): T | undefined {
    for (const level of this.#v4) {
      const value = level.entries.get((word & level.mask) >>> 0);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  find6(a: number, b: number, c: number, d: number): T | undefined {
    for (const level of this.#v6) {
      const [ma, mb, mc, md] = level.masks;
      const wa = (a & ma) >>> 0;
      const wb = (b & mb) >>> 0;
      const wc = (c & mc) >>> 0;
      const wd = (d & md) >>> 0;
      const bucket = level.entries.get(hash6(wa, wb, wc, wd));
      if (bucket === undefined) continue;
      for (const { words, value } of bucket) {
        if (words[0] === wa && words[1] === wb && words[2] === wc && words[3] === wd) return value;
      }
    }
    return undefined;
  }

  #level4(length: number): { readonly length: number; readonly mask: number; readonly entries: Map<number, T> } {
    const present = this.#v4.find((level) => level.length === length);
    if (present !== undefined) return present;
    const level = { length, mask: mask32(length), entries: new Map<number, T>() };
    this.#v4.push(level);
    this.#v4.sort((a, b) => b.length - a.length);
    return level;
  }

  #level6(length: number): {
    readonly length: number;
    readonly masks: Words;
    readonly entries: Map<number, Entry6<T>[]>;
  } {
    const present = this.#v6.find((level) => level.length === length);
    if (present !== undefined) return present;
    const masks: Words = [mask32(length), mask32(length - 32), mask32(length - 64), mask32(length - 96)];
    const level = { length, masks, entries: new Map<number, Entry6<T>[]>() };
    this.#v6.push(level);
    this.#v6.sort((a, b) => b.length - a.length);
    return level;
  }
}

interface Entry6<T> {
  readonly words: Words;
  value: T;
}

/** The mask of one 32-bit word of which `bits` leading bits count; more than 32 mean all, less than 0 none. */
function mask32(bits: number): number {
  if (bits >= 32) return 0xffffffff;
  return bits <= 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0;
}

function masked(words: Words, masks: Words): Words {
  const word = (index: 0 | 1 | 2 | 3): number => (words[index] & masks[index]) >>> 0;
  return [word(0), word(1), word(2), word(3)];
}

function same(a: Words, b: Words): boolean {
  return a[0] === b[0] && a[1] === b[1] && a[2] === b[2] && a[3] === b[3];
}

function hash6(a: number, b: number, c: number, d: number): number {
  let hash = Math.imul(a, 0x9e3779b1) ^ b;
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b) ^ c;
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35) ^ d;
  return Math.imul(hash ^ (hash >>> 16), 0x9e3779b1) >>> 0;
}
