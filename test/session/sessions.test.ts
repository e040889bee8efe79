import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DataSession, type SessionLink, type SessionSpec } from "../../src/daemon/session/data-session.ts";
import { SessionTable } from "../../src/daemon/session/session-table.ts";
import { type Address } from "../../src/shared/address.ts";
import { fullOffload } from "../fakes/tun.ts";
import { addressOf, prefixOf } from "./addresses.ts";

function spec(id: string, identity: string, ...own: string[]): SessionSpec {
  return { id, identity, prefixes: own.map(prefixOf), mtu: 1500, peer: fullOffload };
}

function ownerOf(table: SessionTable<SessionLink>, text: string): string | undefined {
  const address: Address = addressOf(text);
  return (address.family === 4 ? table.owner4(address.word) : table.owner6(...address.words))?.id;
}

function link(id: number): SessionLink {
  return { id, index: id };
}

describe("SessionTable", () => {
  it("finds the owner of an address and of a network behind it, the longest prefix first", () => {
    const table = new SessionTable<SessionLink>();
    table.put(spec("a", "ann", "10.8.0.2", "fd00::2", "10.20.0.0/16"));
    table.put(spec("b", "bob", "10.8.0.3", "10.20.5.0/24"));
    const asked = ["10.8.0.2", "fd00::2", "10.8.0.3", "10.20.1.1", "10.20.5.9", "10.8.0.4", "fd00::3"];
    expect(asked.map((text) => ownerOf(table, text))).toEqual(["a", "a", "b", "a", "b", undefined, undefined]);
    expect(table.size).toBe(2);
  });

  it("takes over what a newer description says, and lets go of what it no longer says", () => {
    const table = new SessionTable<SessionLink>();
    const session = table.put(spec("a", "ann", "10.8.0.2", "10.20.0.0/16"));
    expect(table.put({ ...spec("a", "ann", "10.8.0.9"), mtu: 1280 })).toBe(session);
    expect(session.mtu).toBe(1280);
    expect(["10.8.0.2", "10.20.0.1", "10.8.0.9"].map((text) => ownerOf(table, text))).toEqual([
      undefined,
      undefined,
      "a",
    ]);
    expect(session.owns4(0x0a08_0009)).toBe(true);
    expect(session.owns4(0x0a08_0002)).toBe(false);
  });

  it("gives the networks of an identity back to its older session when the newer one goes", () => {
    const table = new SessionTable<SessionLink>();
    table.put(spec("a1", "ann", "10.8.0.2", "10.20.0.0/16"));
    table.put(spec("b", "bob", "10.8.0.4"));
    table.put(spec("a2", "ann", "10.8.0.3", "10.20.0.0/16"));
    expect(ownerOf(table, "10.20.1.1")).toBe("a2");
    expect(table.remove("a2")?.id).toBe("a2");
    expect(ownerOf(table, "10.20.1.1")).toBe("a1");
    expect(ownerOf(table, "10.8.0.3")).toBeUndefined();
    table.remove("a1");
    expect(ownerOf(table, "10.20.1.1")).toBeUndefined();
    expect(table.remove("a1")).toBeUndefined();
    expect([...table].map(({ id }) => id)).toEqual(["b"]);
  });
});

function sessionWith(links: readonly SessionLink[]): DataSession<SessionLink> {
  const session = new DataSession<SessionLink>(spec("a", "ann", "10.8.0.2"));
  session.links.push(...links);
  return session;
}

describe("DataSession.linkFor", () => {
  const flows = fc.array(fc.integer({ min: 0, max: 0xffff_ffff }), { minLength: 1, maxLength: 200 });
  const ids = fc.uniqueArray(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 16 });

  it("has no link for any flow without links", () => {
    expect(sessionWith([]).linkFor(7)).toBeUndefined();
  });

  it("moves only the flows of a link that goes, and none when the order changes", () => {
    fc.assert(
      fc.property(flows, ids, fc.nat(), (asked, all, which) => {
        const links = all.map(link);
        const before = sessionWith(links);
        const gone = links[which % links.length];
        const after = sessionWith(links.filter((one) => one !== gone).toReversed());
        for (const flow of asked) {
          const old = before.linkFor(flow);
          expect(links).toContain(old);
          if (old !== gone) expect(after.linkFor(flow)).toBe(old);
        }
      }),
    );
  });

  it("spreads flows evenly, each link within two points of its share", () => {
    for (const count of [2, 3, 4, 8, 16]) {
      const session = sessionWith(Array.from({ length: count }, (_, index) => link(index + 100)));
      const hits = new Map<SessionLink | undefined, number>();
      const total = 40_000;
      for (let flow = 0; flow < total; flow++) {
        const taken = session.linkFor((flow * 2_654_435_761) >>> 0);
        hits.set(taken, (hits.get(taken) ?? 0) + 1);
      }
      expect(hits.size).toBe(count);
      for (const share of hits.values()) expect(Math.abs(share / total - 1 / count)).toBeLessThan(0.02);
    }
  });
});
