import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DataSession, type SessionLink, type SessionSpec } from "../../src/daemon/session/data-session.ts";
import { SessionTable } from "../../src/daemon/session/session-table.ts";
import { type Address } from "../../src/shared/address.ts";
import { fullOffload } from "../fakes/tun.ts";
import { addressOf, prefixOf } from "./addresses.ts";
import { walkedIn } from "./steps.ts";

function spec(id: string, identity: string, ...own: string[]): SessionSpec {
  return { id, identity, prefixes: own.map(prefixOf), mtu: 1500, acl: [], peer: fullOffload };
}

function ownerOf(table: SessionTable<SessionLink>, text: string): string | undefined {
  const address: Address = addressOf(text);
  return (address.family === 4 ? table.owner4(address.word) : table.owner6(...address.words))?.id;
}

function link(id: number, group = 0): SessionLink {
  return { id, index: id, group };
}

describe("SessionTable", () => {
  it("finds the owner of an address and of a network behind it, the longest prefix first", () => {
    const table = new SessionTable<SessionLink>(() => 0);
    table.put(spec("a", "ann", "10.8.0.2", "fd00::2", "10.20.0.0/16"));
    table.put(spec("b", "bob", "10.8.0.3", "10.20.5.0/24"));
    const asked = ["10.8.0.2", "fd00::2", "10.8.0.3", "10.20.1.1", "10.20.5.9", "10.8.0.4", "fd00::3"];
    expect(asked.map((text) => ownerOf(table, text))).toEqual(["a", "a", "b", "a", "b", undefined, undefined]);
    expect(table.size).toBe(2);
  });

  it("takes over what a newer description says, and lets go of what it no longer says", () => {
    const table = new SessionTable<SessionLink>(() => 0);
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
    const table = new SessionTable<SessionLink>(() => 0);
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
    expect([table.hasIdentity("ann"), table.hasIdentity("bob")]).toEqual([false, true]);
  });

  it("gives a network to whom it was taken from, also when its session only no longer claims it", () => {
    const table = new SessionTable<SessionLink>(() => 0);
    const shared = "10.20.0.0/16";
    for (const id of ["a1", "a2", "a3"]) table.put(spec(id, "ann", shared));
    table.remove("a2");
    expect(ownerOf(table, "10.20.1.1")).toBe("a3");
    table.put(spec("a3", "ann", "10.8.0.3"));
    expect(ownerOf(table, "10.20.1.1")).toBe("a1");
    table.put(spec("b", "bob", shared));
    table.remove("b");
    // Networks of one identity never go to another by themselves.
    expect(ownerOf(table, "10.20.1.1")).toBeUndefined();
  });

  it("forgets a session without a look at the others", () => {
    const [few, many] = [50, 1000].map((count) => {
      const table = new SessionTable<SessionLink>(() => 0);
      for (let i = 0; i < count; i++) table.put(spec(`s${i}`, `c${i % 7}`, `10.8.${i >> 8}.${i & 255}`, `fd00::${i}`));
      return walkedIn(() => table.remove("s20"));
    });
    expect(many).toBe(few);
  });
});

/** A session whose links have been there for a while, and its time. */
function sessionWith(links: readonly SessionLink[]): {
  session: DataSession<SessionLink>;
  advance: (by: number) => void;
} {
  let now = 0;
  const session = new DataSession<SessionLink>(spec("a", "ann", "10.8.0.2"), () => now);
  for (const one of links) session.add(one);
  now = 1000;
  return { session, advance: (by) => void (now += by) };
}

describe("DataSession.linkFor", () => {
  const flows = fc.array(fc.integer({ min: 0, max: 0xffff_ffff }), { minLength: 1, maxLength: 200 });
  const ids = fc.uniqueArray(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 16 });

  it("has no link for any flow without links", () => {
    expect(sessionWith([]).session.linkFor(7)).toBeUndefined();
  });

  it("moves only the flows of a link that goes, and chooses the same whatever the order", () => {
    fc.assert(
      fc.property(flows, ids, fc.nat(), (asked, all, which) => {
        const links = all.map(link);
        const { session } = sessionWith(links);
        const gone = links[which % links.length] as SessionLink;
        const before = new Map(asked.map((flow) => [flow, session.linkFor(flow)]));
        const other = sessionWith(links.toReversed()).session;
        for (const flow of asked) expect(other.linkFor(flow)).toBe(before.get(flow));
        session.remove(gone);
        for (const flow of asked) {
          const old = before.get(flow);
          expect(links).toContain(old);
          if (old !== gone) expect(session.linkFor(flow)).toBe(old);
          else expect(session.links.includes(session.linkFor(flow) as SessionLink)).toBe(links.length > 1);
        }
      }),
    );
  });

  it("keeps a live flow on its link whatever links come, and chooses anew after a second of silence", () => {
    type Step = { readonly kind: "add" } | { readonly kind: "remove"; readonly which: number } | Packet;
    type Packet = { readonly kind: "packet"; readonly flow: number; readonly after: number };
    const step: fc.Arbitrary<Step> = fc.oneof(
      { weight: 2, arbitrary: fc.constant<Step>({ kind: "add" }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("remove" as const), which: fc.nat() }) },
      {
        weight: 20,
        arbitrary: fc.record({
          kind: fc.constant("packet" as const),
          flow: fc.nat(30),
          after: fc.constantFrom(0, 1, 40, 300, 999, 1000),
        }),
      },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const { session, advance } = sessionWith([link(1)]);
        const last = new Map<number, { readonly on: SessionLink; readonly at: number }>();
        let next = 2;
        let now = 0;
        for (const one of steps) {
          if (one.kind === "add") session.add(link(next++));
          else if (one.kind === "remove") {
            const gone = session.links[one.which % session.links.length];
            if (gone !== undefined && session.links.length > 1) session.remove(gone);
          } else {
            now += one.after;
            advance(one.after);
            const on = session.linkFor(one.flow) as SessionLink;
            const before = last.get(one.flow);
            const live = before !== undefined && now - before.at < 1000 && session.links.includes(before.on);
            if (live) expect(on).toBe(before.on);
            last.set(one.flow, { on, at: now });
          }
        }
      }),
    );
  });

  it("gives new flows and silent ones to the second link, and leaves those that are under way on the first", () => {
    const { session, advance } = sessionWith([link(1)]);
    session.add(link(2));
    const asked = Array.from({ length: 100 }, (_, flow) => (flow * 2_654_435_761) >>> 0);
    const on = (id: number): number => asked.filter((flow) => session.linkFor(flow)?.id === id).length;
    expect(on(1)).toBe(100);
    advance(999);
    expect(on(1)).toBe(100);
    advance(1000);
    expect(on(2)).toBeGreaterThan(30);
  });

  it("spreads flows evenly, each link within two points of its share", () => {
    for (const count of [2, 3, 4, 8, 16]) {
      const { session } = sessionWith(Array.from({ length: count }, (_, index) => link(index + 100)));
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

describe("flows that are spread over servers", () => {
  const asked = Array.from({ length: 200 }, (_, flow) => (flow * 2_654_435_761) >>> 0);

  it("go to the group that is chosen, and stay with it however long they are silent and whichever links it has", () => {
    const { session, advance } = sessionWith([link(1, 1)]);
    let turn = 0;
    session.spread((_, groups) => [...groups][turn++ % groups.size]);
    session.add(link(2, 2));
    session.add(link(3, 2));
    const before = new Map(asked.map((flow) => [flow, session.linkFor(flow)?.group]));
    expect([...before.values()].filter((group) => group === 1)).toHaveLength(100);
    advance(3_600_000);
    session.remove(session.links[1] as SessionLink);
    session.add(link(4, 2));
    for (const flow of asked) expect(session.linkFor(flow)?.group).toBe(before.get(flow));
    // With its last link a group's flows go elsewhere, and only those.
    for (const gone of session.links.filter(({ group }) => group === 2)) session.remove(gone);
    expect(session.tellsFlows).toBe(true);
    for (const flow of asked) expect(session.linkFor(flow)?.group).toBe(1);
    session.add(link(5, 2));
    for (const flow of asked) expect(session.linkFor(flow)?.group).toBe(1);
  });

  it("are counted by group while they live", () => {
    const { session, advance } = sessionWith([link(1, 1), link(2, 2)]);
    const counts: number[][] = [];
    session.spread((_, groups, flowsOf) => {
      counts.push([flowsOf(1), flowsOf(2)]);
      return flowsOf(1) <= flowsOf(2) ? 1 : 2;
    });
    for (const flow of asked.slice(0, 4)) session.linkFor(flow);
    expect(counts).toEqual([
      [0, 0],
      [1, 0],
      [1, 1],
      [2, 1],
    ]);
    advance(1000);
    session.linkFor(asked[9] as number);
    expect(counts.at(-1)).toEqual([0, 0]);
  });
});
