import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Admission, sourceKey } from "../../src/daemon/link/admission.ts";
import { WaitingRoom } from "../../src/daemon/link/waiting-room.ts";

const rules = { pending: 20, perSource: { pending: 4, rate: 2, burst: 6 } };

/** How many of `count` handshakes from an address may begin now. */
function begin(admission: Admission, address: string, count: number, now: number): number {
  return Array.from({ length: count }, () => admission.begin(address, now)).filter(Boolean).length;
}

function end(admission: Admission, address: string, count: number, now: number, valid = false): void {
  for (let i = 0; i < count; i++) admission.end(address, now, valid);
}

describe("admission", () => {
  it("bounds the handshakes of one source that are under way", () => {
    const admission = new Admission(rules);
    expect(begin(admission, "192.0.2.1", 10, 0)).toBe(4);
    expect(begin(admission, "192.0.2.2", 1, 0)).toBe(1);
    admission.end("192.0.2.1", 0, false);
    expect(begin(admission, "192.0.2.1", 10, 0)).toBe(1);
    expect(admission.pending).toBe(5);
  });

  it("takes other bounds while handshakes are under way", () => {
    const admission = new Admission(rules);
    expect(begin(admission, "192.0.2.1", 10, 0)).toBe(4);
    admission.use({ pending: 3, perSource: { pending: 6, rate: 2, burst: 6 } });
    expect([admission.full, begin(admission, "192.0.2.1", 10, 0)]).toEqual([true, 0]);
    admission.use({ pending: 20, perSource: { pending: 6, rate: 2, burst: 6 } });
    expect(begin(admission, "192.0.2.1", 10, 0)).toBe(2);
  });

  it("bounds them all together, and says when nobody may begin", () => {
    const admission = new Admission(rules);
    for (let host = 1; host <= 5; host++) expect(begin(admission, `192.0.2.${host}`, 4, 0)).toBe(4);
    expect([admission.full, admission.begin("192.0.2.9", 0)]).toEqual([true, false]);
    admission.end("192.0.2.1", 0, false);
    expect([admission.full, admission.begin("192.0.2.9", 0)]).toEqual([false, true]);
  });

  it("bounds the rate of one source by its bucket", () => {
    const admission = new Admission(rules);
    expect(begin(admission, "192.0.2.1", 4, 0)).toBe(4);
    end(admission, "192.0.2.1", 4, 0);
    expect(begin(admission, "192.0.2.1", 4, 0)).toBe(2);
    end(admission, "192.0.2.1", 2, 0);
    expect(begin(admission, "192.0.2.1", 1, 499)).toBe(0);
    expect(begin(admission, "192.0.2.1", 2, 500)).toBe(1);
    admission.end("192.0.2.1", 500, false);
    expect(begin(admission, "192.0.2.1", 9, 60_000)).toBe(4);
  });

  it("gives a source that showed a valid certificate ten times as much, for an hour", () => {
    const admission = new Admission({ ...rules, pending: 1000 });
    expect(admission.begin("192.0.2.1", 0)).toBe(true);
    admission.end("192.0.2.1", 0, true);
    expect(begin(admission, "192.0.2.1", 100, 10_000)).toBe(40);
    end(admission, "192.0.2.1", 40, 10_000);
    expect(begin(admission, "192.0.2.1", 100, 10_000)).toBe(20);
    end(admission, "192.0.2.1", 20, 10_000);
    expect(begin(admission, "192.0.2.1", 100, 3_600_000)).toBe(4);
  });

  it("gives a source more turns for as long as its certificate counts", () => {
    const admission = new Admission(rules);
    expect(admission.turns("192.0.2.1", 0)).toBe(1);
    begin(admission, "192.0.2.1", 1, 0);
    admission.end("192.0.2.1", 0, true);
    expect(admission.turns(sourceKey("::ffff:192.0.2.1"), 3_599_999)).toBe(10);
    expect(admission.turns("192.0.2.1", 3_600_000)).toBe(1);
    expect(admission.turns("192.0.2.2", 0)).toBe(1);
  });

  it("takes the addresses of one IPv6 network for one source, and an IPv4 address however it is written", () => {
    expect(sourceKey("2001:db8::1")).toBe(sourceKey("2001:db8:0:0:ffff:2:3:4"));
    expect(sourceKey("2001:db8::1")).not.toBe(sourceKey("2001:db8:0:1::1"));
    expect(sourceKey("::1")).toBe(sourceKey("::2:3:4:5"));
    expect(sourceKey("fe80::1%eth0")).toBe(sourceKey("fe80::2%eth0"));
    expect(sourceKey("2001:db8:1:2::")).toBe("2001:db8:1:2");
    expect(sourceKey("::ffff:192.0.2.1")).toBe(sourceKey("192.0.2.1"));
    const admission = new Admission(rules);
    expect(begin(admission, "2001:db8::1", 4, 0)).toBe(4);
    expect(begin(admission, "2001:db8::2", 1, 0)).toBe(0);
    expect(begin(admission, "2001:db8:0:1::2", 1, 0)).toBe(1);
  });

  it("forgets sources that are as good as new, and no others", () => {
    const admission = new Admission(rules);
    begin(admission, "192.0.2.1", 4, 0);
    end(admission, "192.0.2.1", 4, 0);
    admission.sweep(1000);
    // Swept away too early, it would have its whole burst again.
    expect(begin(admission, "192.0.2.1", 4, 1000)).toBe(4);
    end(admission, "192.0.2.1", 4, 1000);
    expect(begin(admission, "192.0.2.1", 4, 1000)).toBe(0);
    admission.sweep(100_000);
    expect(begin(admission, "192.0.2.1", 9, 100_000)).toBe(4);
    admission.sweep(200_000);
    expect(begin(admission, "192.0.2.1", 9, 200_000)).toBe(0);
  });

  it("keeps to its bounds whatever comes and goes", () => {
    const action = fc.record({ host: fc.nat(8), by: fc.nat(700), ends: fc.boolean(), valid: fc.constant(false) });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 300 }), (actions) => {
        const admission = new Admission(rules);
        const pending = new Map<string, number>();
        let now = 0;
        for (const { host, by, ends, valid } of actions) {
          now += by;
          const address = `192.0.2.${host}`;
          const mine = pending.get(address) ?? 0;
          if (ends && mine > 0) {
            admission.end(address, now, valid);
            pending.set(address, mine - 1);
          } else if (admission.begin(address, now)) pending.set(address, mine + 1);
          admission.sweep(now);
          expect(pending.get(address) ?? 0).toBeLessThanOrEqual(rules.perSource.pending);
        }
        const total = [...pending.values()].reduce((sum, count) => sum + count, 0);
        expect(admission.pending).toBe(total);
        expect(total).toBeLessThanOrEqual(rules.pending);
      }),
    );
  });
});

function begun(
  room: WaitingRoom<string>,
  places: number,
  refused = "",
  turns: (source: string) => number = () => 1,
): string[] {
  const out: string[] = [];
  room.offer((item) => {
    if (out.length >= places || (refused !== "" && item.startsWith(refused))) return false;
    out.push(item);
    return true;
  }, turns);
  return out;
}

const threeForB = (source: string): number => (source === "b" ? 3 : 1);

describe("the waiting room", () => {
  it("serves the sources in turn, each from its first", () => {
    const room = new WaitingRoom<string>(100);
    for (const item of ["a1", "a2", "a3", "b1", "b2", "c1"]) room.add(item.charAt(0), item);
    expect(begun(room, 4)).toEqual(["a1", "b1", "c1", "a2"]);
    expect(begun(room, 1)).toEqual(["b2"]);
    expect(room.size).toBe(1);
    expect(begun(room, 9)).toEqual(["a3"]);
    expect(begun(room, 9)).toEqual([]);
  });

  it("gives a source its turns, however the places come", () => {
    const items = ["a1", "a2", "a3", "b1", "b2", "b3", "b4"];
    const expected = ["a1", "b1", "b2", "b3", "a2", "b4", "a3"];
    for (const places of [1, 2, 3, 7]) {
      const room = new WaitingRoom<string>(100);
      for (const item of items) room.add(item.charAt(0), item);
      const out: string[] = [];
      while (room.size > 0) out.push(...begun(room, places, "", threeForB));
      expect(out).toEqual(expected);
    }
  });

  it("lets nobody wait behind a source that may not begin", () => {
    const room = new WaitingRoom<string>(100);
    for (const item of ["a1", "a2", "b1", "b2"]) room.add(item.charAt(0), item);
    expect(begun(room, 9, "a")).toEqual(["b1", "b2"]);
    expect(room.size).toBe(2);
  });

  it("turns away the crowd when it is full, not the stranger", () => {
    const room = new WaitingRoom<string>(4);
    for (const item of ["a1", "b1", "a2", "a3"]) expect(room.add(item.charAt(0), item)).toBeUndefined();
    expect(room.add("c", "c1")).toBe("a3");
    expect(room.add("a", "a4")).toBe("a4");
    expect(room.size).toBe(4);
    expect(begun(room, 9)).toEqual(["a1", "b1", "c1", "a2"]);
  });

  it("turns away the newest when all are alone", () => {
    const room = new WaitingRoom<string>(2);
    room.add("a", "a1");
    room.add("b", "b1");
    expect(room.add("c", "c1")).toBe("c1");
    expect(begun(room, 9)).toEqual(["a1", "b1"]);
  });

  it("loses nobody and serves nobody twice", () => {
    const steps = fc.array(fc.oneof(fc.record({ add: fc.nat(5) }), fc.record({ places: fc.nat(6) })), {
      maxLength: 80,
    });
    fc.assert(
      fc.property(steps, (list) => {
        const room = new WaitingRoom<string>(10);
        const out: string[] = [];
        let added = 0;
        for (const step of list) {
          if ("places" in step) out.push(...begun(room, step.places));
          else {
            const surplus = room.add(String(step.add), `${step.add}-${added++}`);
            if (surplus !== undefined) out.push(surplus);
          }
          expect(room.size).toBeLessThanOrEqual(10);
          expect(room.size + out.length).toBe(added);
        }
        out.push(...room.clear());
        expect(new Set(out).size).toBe(added);
        expect(room.size).toBe(0);
      }),
    );
  });
});
