import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import type { StoredLease } from "../../src/daemon/session/leases.ts";
import { Journal } from "../../src/daemon/store/journal.ts";
import { SliceLeaseStore } from "../../src/daemon/session/leases.ts";
import { prefixOf } from "./addresses.ts";
import { leaseOf, MemoryJournal, sliceStore } from "./slice.ts";

const never = (): boolean => false;

/** Takes addresses until there is none, each for its own identity. */
async function takeAll(store: SliceLeaseStore, family: 4 | 6, most = 1000): Promise<string[]> {
  const taken: string[] = [];
  while (taken.length < most) {
    const who = `n${taken.length}`;
    const address = await store.free(family, who, 0, never);
    if (address === undefined) break;
    expect(await store.putIfRevision(leaseOf(address, who, who, 100), 0)).toBe(true);
    taken.push(address);
  }
  return taken;
}

describe("the addresses of a slice", () => {
  test.each([
    ["10.8.0.5/32", ["10.8.0.5"]],
    ["10.8.0.4/31", ["10.8.0.4", "10.8.0.5"]],
    ["10.8.0.6/30", ["10.8.0.5", "10.8.0.6"]],
    ["10.8.0.0/29", ["10.8.0.1", "10.8.0.2", "10.8.0.3", "10.8.0.4", "10.8.0.5", "10.8.0.6"]],
  ])("of %s", async (slice, expected) => {
    expect(await takeAll(sliceStore([slice]), 4)).toEqual(expected);
  });

  test.each([
    ["fd00::5/128", ["fd00::5"]],
    ["fd00::4/127", ["fd00::4", "fd00::5"]],
    ["fd00::/126", ["fd00::1", "fd00::2"]],
  ])("of %s", async (slice, expected) => {
    expect(await takeAll(sliceStore([slice]), 6)).toEqual(expected);
  });

  it("are without those that are reserved since, and with those that are not any more", async () => {
    const store = sliceStore(["10.8.0.0/29"], { reserved: ["10.8.0.1", "10.8.0.3"] });
    store.reserve([prefixOf("10.8.0.1/32").address, prefixOf("10.8.0.5/32").address]);
    expect(await takeAll(store, 4)).toEqual(["10.8.0.2", "10.8.0.3", "10.8.0.4", "10.8.0.6"]);
  });

  it("are without the reserved ones, and by family", async () => {
    const store = sliceStore(["10.8.0.0/29", "fd00::/126"], { reserved: ["10.8.0.1", "10.8.0.3", "fd00::2"] });
    expect(await takeAll(store, 4)).toEqual(["10.8.0.2", "10.8.0.4", "10.8.0.5", "10.8.0.6"]);
    expect(await takeAll(store, 6)).toEqual(["fd00::1"]);
    expect(await takeAll(sliceStore(["10.8.0.4/30"], { reserved: ["10.8.0.5", "10.8.0.6"] }), 4)).toEqual([]);
    expect(await takeAll(sliceStore(["10.8.0.4/30"]), 6)).toEqual([]);
  });

  it("come from a second slice when the first is full", async () => {
    expect(await takeAll(sliceStore(["10.8.0.4/31", "10.9.0.4/32"]), 4)).toEqual(["10.8.0.4", "10.8.0.5", "10.9.0.4"]);
  });

  it("are of a /64 as well", async () => {
    expect(await takeAll(sliceStore(["fd00:8:0:1::/64"]), 6, 3)).toEqual([
      "fd00:8:0:1::1",
      "fd00:8:0:1::2",
      "fd00:8:0:1::3",
    ]);
  });

  it("rest as long as possible before they are leased again", async () => {
    const store = sliceStore(["10.8.0.0/29"]);
    expect(await store.free(4, "a", 0, never)).toBe("10.8.0.1");
    await store.putIfRevision(leaseOf("10.8.0.1", "s", "a", 10), 0);
    expect(await store.free(4, "b", 50, never)).toBe("10.8.0.2");
  });
});

describe("SliceLeaseStore", () => {
  it("writes only over the revision that the writer saw", async () => {
    const store = sliceStore(["10.8.0.0/29"]);
    expect(await store.get("10.8.0.1")).toBeUndefined();
    expect(await store.putIfRevision(leaseOf("10.8.0.1", "s", "a", 10), 1)).toBe(false);
    expect(await store.putIfRevision(leaseOf("10.8.0.1", "s", "a", 10), 0)).toBe(true);
    expect(await store.putIfRevision(leaseOf("10.8.0.1", "t", "b", 10), 0)).toBe(false);
    expect(await store.get("10.8.0.1")).toEqual({ lease: leaseOf("10.8.0.1", "s", "a", 10), revision: 1 });
  });

  it("gives an identity its own left-over of a full slice, the oldest first, and never another's", async () => {
    const store = sliceStore(["10.8.0.0/29"]);
    for (const [index, owner] of ["a", "b", "a", "a", "b", "b"].entries()) {
      await store.putIfRevision(leaseOf(`10.8.0.${index + 1}`, `s${index}`, owner, 100 - index), 0);
    }
    expect(await store.free(4, "a", 0, never)).toBe("10.8.0.4");
    expect(await store.free(4, "a", 0, (address) => address === "10.8.0.4")).toBe("10.8.0.3");
    expect(await store.free(4, "a", 0, () => true)).toBeUndefined();
    expect(await store.free(4, "c", 0, never)).toBeUndefined();
  });

  it("leases anew what has expired, unless a session with links still has it", async () => {
    const store = sliceStore(["10.8.0.4/32"]);
    await store.putIfRevision(leaseOf("10.8.0.4", "s", "a", 10), 0);
    expect(await store.free(4, "b", 9, never)).toBeUndefined();
    expect(await store.free(4, "b", 10, () => true)).toBeUndefined();
    expect(await store.free(4, "b", 10, never)).toBe("10.8.0.4");
  });

  it("does not let one identity fill the slice with what it leaves behind", async () => {
    const store = sliceStore(["fd00::/64"]);
    const taken = new Set<string>();
    for (let turn = 0; turn < 100; turn++) {
      const address = (await store.free(6, "a", 0, never)) ?? expect.fail("none");
      const held = await store.get(address);
      await store.putIfRevision(leaseOf(address, `s${turn}`, "a", 1000 + turn), held?.revision ?? 0);
      taken.add(address);
    }
    expect(taken.size).toBe(16);
    expect(taken).not.toContain(await store.free(6, "b", 0, never));
  });

  it("never gives back a left-over that is reserved now", async () => {
    const journal = new MemoryJournal();
    await sliceStore(["10.8.0.4/32"], { journal }).putIfRevision(leaseOf("10.8.0.4", "s", "a", 10), 0);
    expect(
      await sliceStore(["10.8.0.4/32"], { journal, reserved: ["10.8.0.4"] }).free(4, "a", 0, never),
    ).toBeUndefined();
  });

  it("keeps memory and journal in proportion to the leases that count", async () => {
    const journal = new MemoryJournal();
    const store = sliceStore(["fd00::/64"], { journal });
    for (let wall = 0; wall < 3000; wall++) {
      const address = (await store.free(6, `i${wall}`, wall, never)) ?? expect.fail("none");
      await store.putIfRevision(leaseOf(address, `s${wall}`, `i${wall}`, wall + 10), 0);
    }
    expect(journal.lines.length).toBeLessThan(8 * 27);
    expect(await store.get("fd00::1")).toBeUndefined();
  });

  it("holds a lease that could not be written, and says so", async () => {
    const journal = new MemoryJournal();
    const failures: unknown[] = [];
    const store = sliceStore(["10.8.0.4/31"], { journal, journalFailed: (error) => failures.push(error) });
    journal.full = true;
    expect(await store.putIfRevision(leaseOf("10.8.0.4", "s", "a", 10), 0)).toBe(true);
    expect(failures).toEqual([new Error("ENOSPC")]);
    expect(await store.free(4, "b", 0, never)).toBe("10.8.0.5");
  });
});

function all(store: SliceLeaseStore): Promise<(StoredLease | undefined)[]> {
  return Promise.all([1, 2, 3, 4, 5, 6].map((last) => store.get(`10.8.0.${last}`)));
}

async function write(
  store: SliceLeaseStore,
  one: { address: string; session: string; expires: number },
): Promise<void> {
  const held = await store.get(one.address);
  await store.putIfRevision(leaseOf(one.address, one.session, "ann", one.expires), held?.revision ?? 0);
}

describe("the journal of leases", () => {
  const put = fc.record({
    address: fc.integer({ min: 1, max: 6 }).map((last) => `10.8.0.${last}`),
    session: fc.constantFrom("s1", "s2", "s3"),
    expires: fc.integer({ min: 1000, max: 2000 }),
  });

  it("gives the same leases again, also when it was cut anywhere in its last line, and can be written on", async () => {
    const directory = mkdtempSync(join(tmpdir(), "leases-"));
    const path = join(directory, "leases.journal");
    const open = (): SliceLeaseStore =>
      new SliceLeaseStore({
        slices: [prefixOf("10.8.0.0/29")],
        reserved: [],
        openJournal: (read) => Journal.open(path, read),
        journalFailed: (error) => expect.fail(String(error)),
      });
    const cut = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
    await fc.assert(
      fc.asyncProperty(
        fc.array(put, { minLength: 1, maxLength: 20 }),
        fc.boolean(),
        cut,
        async (puts, compact, where) => {
          rmSync(path, { force: true });
          const first = open();
          for (const one of puts.slice(0, -1)) await write(first, one);
          if (compact) first.compact();
          const before = await all(first);
          const length = readFileSync(path).length;
          await write(first, puts.at(-1) ?? expect.fail());
          const after = await all(first);
          first.close();

          const whole = open();
          expect(await all(whole)).toEqual(after);
          whole.close();

          const bytes = readFileSync(path);
          // Up to the line's last bracket, without which it is not a record.
          writeFileSync(path, bytes.subarray(0, length + Math.floor(where * (bytes.length - 1 - length))));
          const again = open();
          expect(await all(again)).toEqual(before);
          await write(again, puts.at(-1) ?? expect.fail());
          again.close();
          const last = open();
          expect(await all(last)).toEqual(after);
          last.close();
        },
      ),
      { numRuns: 60 },
    );
    rmSync(directory, { recursive: true });
  });
});
