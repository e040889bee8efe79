import { formatNetwork, type Prefix } from "../../shared/address.ts";
import { PrefixTable } from "./prefix-table.ts";

/**
 * Who has the use of which inner network: whoever claimed it last. When that one lets go, the one of the same identity that
 * had it before gets it again.
 */
export class AddressOwners<T extends { readonly identity: string }> {
  readonly #owners = new PrefixTable<T>();
  /** Who else claims a network, in the order in which they lost it; few networks have any. */
  readonly #waiting = new Map<string, Set<T>>();

  claim(prefix: Prefix, owner: T): void {
    const before = this.#owners.set(prefix, owner);
    if (before === undefined || before === owner) return;
    const network = formatNetwork(prefix);
    const waiting = this.#waiting.get(network) ?? new Set();
    waiting.delete(owner);
    waiting.add(before);
    this.#waiting.set(network, waiting);
  }

  release(prefix: Prefix, owner: T): void {
    const owned = this.#owners.delete(prefix, owner);
    if (this.#waiting.size === 0) return;
    const network = formatNetwork(prefix);
    const waiting = this.#waiting.get(network);
    if (waiting === undefined) return;
    const heir = owned ? newest(waiting, owner.identity) : undefined;
    if (heir !== undefined) this.#owners.set(prefix, heir);
    waiting.delete(heir ?? owner);
    if (waiting.size === 0) this.#waiting.delete(network);
  }

  find4(word: number): T | undefined {
    return this.#owners.find4(word);
  }

  find6(a: number, b: number, c: number, d: number): T | undefined {
    return this.#owners.find6(a, b, c, d);
  }
}

function newest<T extends { readonly identity: string }>(waiting: Iterable<T>, identity: string): T | undefined {
  let found: T | undefined;
  for (const one of waiting) if (one.identity === identity) found = one;
  return found;
}
