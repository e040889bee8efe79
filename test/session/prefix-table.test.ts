import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Address, formatNetwork, type Prefix, prefixContains } from "../../src/shared/address.ts";
import { PrefixTable } from "../../src/daemon/session/prefix-table.ts";
import { addresses, addressOf, prefixes, prefixOf } from "./addresses.ts";

function find<T>(table: PrefixTable<T>, address: Address): T | undefined {
  return address.family === 4 ? table.find4(address.word) : table.find6(...address.words);
}

/** A longest-prefix match that looks at every entry. */
class Naive {
  readonly #entries = new Map<string, { prefix: Prefix; value: number }>();

  set(prefix: Prefix, value: number): void {
    this.#entries.set(formatNetwork(prefix), { prefix, value });
  }

  delete(prefix: Prefix, value: number): boolean {
    const key = formatNetwork(prefix);
    return this.#entries.get(key)?.value === value && this.#entries.delete(key);
  }

  find(address: Address): number | undefined {
    return [...this.#entries.values()]
      .filter(({ prefix }) => prefixContains(prefix, address))
      .toSorted((a, b) => b.prefix.length - a.prefix.length)[0]?.value;
  }
}

describe("PrefixTable", () => {
  it("finds what a search through every entry finds, whatever was set and deleted", () => {
    const change = fc.record({ set: fc.boolean(), prefix: prefixes, value: fc.integer({ min: 0, max: 3 }) });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), fc.array(addresses, { minLength: 5 }), (changes, asked) => {
        const table = new PrefixTable<number>();
        const naive = new Naive();
        for (const { set, prefix, value } of changes) {
          if (set) {
            table.set(prefix, value);
            naive.set(prefix, value);
          } else {
            expect(table.delete(prefix, value)).toBe(naive.delete(prefix, value));
          }
          for (const address of [prefix.address, ...asked]) expect(find(table, address)).toBe(naive.find(address));
        }
      }),
      { numRuns: 300 },
    );
  });

  it("keeps a prefix that belongs to another now", () => {
    const table = new PrefixTable<string>();
    table.set(prefixOf("10.8.0.2"), "old");
    table.set(prefixOf("10.8.0.2"), "new");
    expect(table.delete(prefixOf("10.8.0.2"), "old")).toBe(false);
    expect(find(table, addressOf("10.8.0.2"))).toBe("new");
  });

  it("does not mix up IPv6 prefixes whose hashes meet", () => {
    const table = new PrefixTable<number>();
    const many = Array.from(
      { length: 200_000 },
      (_, index) => ({ address: { family: 6, words: [0xfd00_0000, 0, 0, index] }, length: 128 }) as const,
    );
    for (const [index, prefix] of many.entries()) table.set(prefix, index);
    for (const [index, prefix] of many.entries())
      if (find(table, prefix.address) !== index) expect.fail(`entry ${index}`);
    for (const [index, prefix] of many.entries()) if (index % 2 === 0) table.delete(prefix, index);
    for (const [index, prefix] of many.entries()) {
      if (find(table, prefix.address) !== (index % 2 === 0 ? undefined : index)) expect.fail(`entry ${index}`);
    }
  });
});
