import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type AdmissionOutcome,
  type AdmissionRequest,
  type IdentityRule,
  type ServerSession,
  SessionRegistry,
} from "../../src/daemon/session/registry.ts";
import { type ClusterKey, TokenSealer } from "../../src/daemon/session/token.ts";
import { linksPerIdentity } from "../../src/daemon/server-rules.ts";
import { prefixOf } from "./addresses.ts";
import { MemoryJournal, sliceStore } from "./slice.ts";

type Admitted = Extract<AdmissionOutcome, { kind: "admitted" }>;

const lifetime = 1000;
const keys: readonly ClusterKey[] = [{ id: "k", secret: Buffer.alloc(32, 1) }];

/** A server: its registry over a journal, which a restart opens again. */
class Server {
  wall = 10_000;
  readonly journal = new MemoryJournal();
  readonly fixed = new Map<string, readonly string[]>();
  readonly denied = new Set<string>();
  readonly sealer = new TokenSealer(keys);
  readonly home: string;
  readonly #slices: readonly string[];
  readonly #prefixes: readonly string[];
  readonly linksPerIdentity: number;
  registry: SessionRegistry;
  #link = 0;

  constructor(parts: { slices?: readonly string[]; prefixes?: readonly string[]; home?: string; most?: number } = {}) {
    this.linksPerIdentity = parts.most ?? 1000;
    this.#slices = parts.slices ?? ["10.8.0.0/29"];
    this.#prefixes = parts.prefixes ?? ["10.8.0.1/16"];
    this.home = parts.home ?? "edge-01";
    this.registry = this.#open();
  }

  #open(): SessionRegistry {
    const reserved = ["10.8.0.1", ...[...this.fixed.values()].flat()];
    return new SessionRegistry({
      leases: sliceStore(this.#slices, { reserved, journal: this.journal }),
      sealer: this.sealer,
      rules: {
        mtu: 1500,
        prefixes: this.#prefixes.map(prefixOf),
        home: this.home,
        region: "eu",
        tokenLifetime: lifetime,
        linksPerIdentity: this.linksPerIdentity,
      },
      ruleOf: this.ruleOf,
      wall: () => this.wall,
    });
  }

  readonly ruleOf = (identity: string): IdentityRule =>
    this.denied.has(identity) ? undefined : { fixed: this.fixed.get(identity) ?? [] };

  restart(): void {
    this.registry = this.#open();
  }

  admit(request: Partial<AdmissionRequest> & { identity: string }): Promise<AdmissionOutcome> {
    return this.registry.admit({ link: ++this.#link, intent: "new", epoch: 0n, mtu: 1500, ...request });
  }

  async new(identity: string, more: Partial<AdmissionRequest> = {}): Promise<Admitted> {
    return admitted(await this.admit({ identity, ...more }));
  }

  /** Comes back with what a WELCOME said. */
  back(
    intent: "join" | "takeover" | "guest",
    known: Admitted,
    more: Partial<AdmissionRequest> = {},
  ): Promise<AdmissionOutcome> {
    const { identity, id, epoch } = known.session;
    return this.admit({ identity, intent, session: id, epoch, token: known.token, ...more });
  }
}

function admitted(outcome: AdmissionOutcome): Admitted {
  if (outcome.kind === "refused") return expect.fail(`${outcome.reason}: ${outcome.text}`);
  // As the client remembers it: the session here changes.
  return { ...outcome, session: { ...outcome.session } };
}

function reason(outcome: AdmissionOutcome): string {
  return outcome.kind === "admitted" ? "admitted" : outcome.reason;
}

describe("a new session", () => {
  it("is found by its addresses until it is removed", async () => {
    const server = new Server();
    const { session } = await server.new("ann");
    const [address = ""] = session.addresses;
    expect(server.registry.ofAddress(address)?.id).toBe(session.id);
    server.registry.remove(session.id);
    expect(server.registry.ofAddress(address)).toBeUndefined();
  });

  it("gets an id, an address of each family, epoch 1, the smaller MTU and a token", async () => {
    const server = new Server({ slices: ["10.8.0.0/29", "fd00::/64"], prefixes: ["10.8.0.1/16", "fd00::1/48"] });
    const { session, token, supersede, displaced } = await server.new("ann", { mtu: 1280 });
    expect(session).toMatchObject({
      identity: "ann",
      addresses: ["10.8.0.2", "fd00::1"],
      epoch: 1n,
      mtu: 1280,
      home: "edge-01",
    });
    expect(session.id).toMatch(/^[0-9a-f]{32}$/);
    expect([supersede, displaced]).toEqual([false, []]);
    expect(server.sealer.open(token)).toEqual({
      identity: "ann",
      session: session.id,
      addresses: ["10.8.0.2", "fd00::1"],
      home: "edge-01",
      region: "eu",
      epoch: "1",
      expires: 11_000,
    });
    expect((await server.new("ann", { mtu: 9000 })).session.mtu).toBe(1500);
    expect(server.registry.size).toBe(2);
  });

  it("is refused for an identity without access and when no address is free", async () => {
    const server = new Server({ slices: ["10.8.0.2/32"] });
    server.denied.add("eve");
    expect(reason(await server.admit({ identity: "eve" }))).toBe("denied");
    await server.new("ann");
    expect(reason(await server.admit({ identity: "bob" }))).toBe("no_address");
  });

  it("does not get another's address when both come at once", async () => {
    const server = new Server();
    const all = await Promise.all(["a", "b", "c", "d", "e"].map((name) => server.new(name)));
    expect(new Set(all.flatMap(({ session }) => session.addresses)).size).toBe(5);
    expect(reason(await server.admit({ identity: "f" }))).toBe("no_address");
  });

  it("takes the session that its identity left behind when the slice is full, and says which ended", async () => {
    const server = new Server({ slices: ["10.8.0.2/32"] });
    const old = await server.new("ann");
    expect(reason(await server.admit({ identity: "ann" }))).toBe("no_address");
    server.registry.linkClosed(1);
    const next = await server.new("ann");
    expect(next.displaced.map(({ id }) => id)).toEqual([old.session.id]);
    expect(server.registry.get(old.session.id)).toBeUndefined();
    expect(reason(await server.back("takeover", old, { epoch: 2n }))).toBe("token_invalid");
  });

  it("can be begun again and again without filling the slice", async () => {
    const server = new Server({ slices: ["10.8.0.0/24"] });
    for (let turn = 1; turn <= 200; turn++) {
      await server.new("ann");
      server.registry.linkClosed(turn);
    }
    expect(server.registry.size).toBe(16);
    for (let turn = 0; turn < 200; turn++) await server.new(`other${turn}`);
  });
});

describe("the links of one identity", () => {
  it("are bounded over all of its sessions, and others' are not", async () => {
    const server = new Server({ most: 3 });
    const first = await server.new("ann");
    const second = await server.new("ann");
    expect(reason(await server.back("join", first))).toBe("admitted");
    const text = "ann has 3 links, as many as one identity may have here";
    for (const more of [server.admit({ identity: "ann" }), server.back("join", first)]) {
      expect(await more).toEqual({ kind: "refused", reason: "server_full", text });
    }
    await server.new("bob");
    // Of the three, two end by it.
    const taken = admitted(await server.back("takeover", first, { epoch: 2n }));
    for (const link of [1, 3]) server.registry.linkClosed(link);
    server.registry.linkClosed(3);
    expect(reason(await server.back("join", taken))).toBe("admitted");
    expect(reason(await server.back("join", taken))).toBe("server_full");
    server.registry.remove(second.session.id);
    expect(reason(await server.back("join", taken))).toBe("admitted");
    expect(reason(await server.back("join", taken))).toBe("server_full");
    server.registry.remove(first.session.id);
    for (let link = 0; link < 3; link++) await server.new("ann");
    expect(reason(await server.admit({ identity: "ann" }))).toBe("server_full");
  });

  it("are a quarter of the server's, or 64", () => {
    expect([12_000, 10_000, 300, 1].map(linksPerIdentity)).toEqual([3000, 2500, 75, 64]);
  });
});

describe("a fixed address", () => {
  it("goes to the newest session, which displaces every session that had one of them", async () => {
    const server = new Server({ slices: ["10.8.0.0/29", "fd00::/64"], prefixes: ["10.8.0.1/16", "fd00::1/48"] });
    const bob = await server.new("bob");
    const cat = await server.new("cat");
    const fixed = [bob.session.addresses[0] ?? "", cat.session.addresses[1] ?? ""];
    server.fixed.set("ann", fixed);
    const ann = await server.new("ann");
    expect(ann.session.addresses).toEqual(fixed);
    expect(ann.displaced.map(({ id }) => id)).toEqual([bob.session.id, cat.session.id]);
    expect([...server.registry.sessions()].map(({ id }) => id)).toEqual([ann.session.id]);
    const again = await server.new("ann");
    expect(again.displaced.map(({ id }) => id)).toEqual([ann.session.id]);
    expect(server.registry.ofLink(3)).toBeUndefined();
  });

  it("is not leased to others, and survives a restart", async () => {
    const server = new Server({ slices: ["10.8.0.0/29"] });
    server.fixed.set("ann", ["10.8.0.3"]);
    server.restart();
    const ann = await server.new("ann");
    expect(ann.session.addresses).toEqual(["10.8.0.3"]);
    for (const name of ["a", "b", "c", "d"])
      expect((await server.new(name)).session.addresses).not.toContain("10.8.0.3");
    server.restart();
    expect(admitted(await server.back("takeover", ann, { epoch: 2n })).session.addresses).toEqual(["10.8.0.3"]);
  });

  it("is not taken back by an older token of whoever had it before it was fixed", async () => {
    const server = new Server();
    const bob = await server.new("bob");
    const cat = await server.new("cat");
    server.fixed.set("ann", [bob.session.addresses[0] ?? ""]);
    server.restart();
    const text = "10.8.0.2 is the fixed address of another identity now, or the server's own";
    for (const [intent, epoch] of [
      ["takeover", 2n],
      ["guest", 1n],
    ] as const) {
      expect(await server.back(intent, bob, { epoch })).toEqual({ kind: "refused", reason: "token_invalid", text });
    }
    expect(reason(await server.back("takeover", cat, { epoch: 2n }))).toBe("admitted");
    expect((await server.new("ann")).session.addresses).toEqual(["10.8.0.2"]);
  });

  it("that was changed makes older tokens useless", async () => {
    const server = new Server();
    const ann = await server.new("ann");
    server.fixed.set("ann", ["10.8.0.6"]);
    expect(reason(await server.back("join", ann))).toBe("token_invalid");
    server.registry.useRules(() => ({ fixed: [] }));
    expect(reason(await server.back("join", ann))).toBe("admitted");
  });
});

describe("join", () => {
  it("adds a link to the session, with a fresh token", async () => {
    const server = new Server();
    const ann = await server.new("ann");
    server.wall += 300;
    const joined = admitted(await server.back("join", ann));
    expect(joined).toMatchObject({ supersede: false, displaced: [], session: { id: ann.session.id, epoch: 1n } });
    expect(server.registry.get(ann.session.id)?.links).toEqual(new Set([1, 2]));
    expect(server.sealer.open(joined.token)?.expires).toBe(server.wall + lifetime);
  });

  it("is refused where the session is not, and with another epoch", async () => {
    const server = new Server();
    const ann = await server.new("ann");
    expect(reason(await server.back("join", ann, { epoch: 0n }))).toBe("superseded");
    expect(reason(await server.back("join", ann, { epoch: 2n }))).toBe("superseded");
    server.restart();
    expect(reason(await server.back("join", ann))).toBe("not_here");
  });
});

describe("a token", () => {
  it("is of no use to another identity, for another session, after its expiry, or without access", async () => {
    const server = new Server();
    const ann = await server.new("ann");
    const bob = await server.new("bob");
    for (const intent of ["join", "takeover"] as const) {
      expect(reason(await server.back(intent, ann, { identity: "bob" }))).toBe("token_invalid");
      expect(reason(await server.back(intent, ann, { session: bob.session.id }))).toBe("token_invalid");
      expect(reason(await server.back(intent, ann, { token: "AQ==" }))).toBe("token_invalid");
    }
    server.denied.add("ann");
    expect(reason(await server.back("takeover", ann))).toBe("denied");
    server.denied.clear();
    server.wall += lifetime;
    expect(reason(await server.back("join", ann))).toBe("token_invalid");
    expect(reason(await server.back("takeover", ann, { epoch: 2n }))).toBe("token_invalid");
  });
});

describe("takeover", () => {
  it("ends the older links and counts the epoch", async () => {
    const server = new Server();
    const ann = await server.new("ann");
    const taken = admitted(await server.back("takeover", ann, { epoch: 2n }));
    expect(taken).toMatchObject({ supersede: true, session: { id: ann.session.id, epoch: 2n } });
    expect(reason(await server.back("join", ann))).toBe("superseded");
    expect(reason(await server.back("join", taken))).toBe("admitted");
  });

  it("is refused with a lower epoch, and can be asked again when the answer was lost", async () => {
    const server = new Server();
    const ann = await server.new("ann");
    const second = admitted(await server.back("takeover", ann, { epoch: 2n }));
    for (let lost = 0; lost < 3; lost++) {
      const again = admitted(await server.back("takeover", ann, { epoch: 2n }));
      expect(again.session.epoch).toBe(2n);
    }
    await server.back("takeover", second, { epoch: 3n });
    expect(reason(await server.back("takeover", ann, { epoch: 2n }))).toBe("superseded");
    expect(reason(await server.back("takeover", ann, { epoch: 1n }))).toBe("superseded");
  });

  it("can't drive the epoch up by more than one, so that it never overflows its 64 bits", async () => {
    const server = new Server();
    const ann = await server.new("ann");
    for (const epoch of [3n, 2n ** 63n, 2n ** 64n - 1n]) {
      expect(reason(await server.back("takeover", ann, { epoch }))).toBe("token_invalid");
      server.restart();
      expect(reason(await server.back("takeover", ann, { epoch }))).toBe("token_invalid");
    }
    expect(reason(await server.back("takeover", ann, { epoch: 2n }))).toBe("admitted");
  });

  it("brings session and addresses back after a restart, also when it was asked twice", async () => {
    const server = new Server();
    const ann = await server.new("ann");
    const bob = await server.new("bob");
    server.restart();
    for (let turn = 0; turn < 2; turn++) {
      const taken = admitted(await server.back("takeover", ann, { epoch: 2n }));
      expect(taken.session).toMatchObject({ id: ann.session.id, addresses: ann.session.addresses, epoch: 2n });
      server.restart();
    }
    await server.back("takeover", admitted(await server.back("takeover", ann, { epoch: 2n })), { epoch: 3n });
    server.restart();
    expect(reason(await server.back("takeover", ann, { epoch: 2n }))).toBe("superseded");
    expect(admitted(await server.back("takeover", bob, { epoch: 2n })).session.addresses).toEqual(
      bob.session.addresses,
    );
  });

  it("is refused for addresses of another network, or that are another's now", async () => {
    const elsewhere = new Server({ slices: ["10.9.0.0/29"], prefixes: ["10.9.0.1/16"] });
    const ann = await elsewhere.new("ann");
    const server = new Server();
    expect(reason(await server.back("takeover", ann, { epoch: 2n }))).toBe("token_invalid");
    const rival = new Server({ home: "edge-02" });
    const bob = await rival.new("bob");
    const cat = await server.new("cat");
    expect(bob.session.addresses).toEqual(cat.session.addresses);
    expect(reason(await server.back("takeover", bob, { epoch: 2n }))).toBe("token_invalid");
    server.registry.remove(cat.session.id);
    expect(reason(await server.back("takeover", bob, { epoch: 2n }))).toBe("token_invalid");
  });

  it("of a session from another slice leaves the lease to its server", async () => {
    const home = new Server({ slices: ["10.8.1.0/24"], home: "edge-02" });
    const server = new Server({ slices: ["10.8.0.0/29"] });
    const ann = await home.new("ann");
    const taken = admitted(await server.back("takeover", ann, { epoch: 2n }));
    expect(taken.session).toMatchObject({ home: "edge-02", addresses: ann.session.addresses });
    expect(server.journal.lines).toEqual([]);
  });
});

describe("a guest", () => {
  it("is a session of another server, at its epoch, until this one takes it over, which ends no link", async () => {
    const home = new Server();
    const other = new Server({ slices: ["10.8.1.0/29"], home: "edge-02" });
    const ann = await home.new("ann");
    const guest = admitted(await other.back("guest", ann));
    expect(guest).toMatchObject({ supersede: false, displaced: [], session: { guest: true, epoch: 1n } });
    expect(guest.session.addresses).toEqual(ann.session.addresses);
    expect(reason(await other.back("guest", guest))).toBe("admitted");
    const taken = admitted(await other.back("takeover", ann, { epoch: 2n }));
    expect(taken).toMatchObject({ supersede: false, session: { guest: false, epoch: 2n } });
    expect(other.registry.get(ann.session.id)?.links.size).toBe(3);
    // A second takeover is one of a session that is here.
    expect(admitted(await other.back("takeover", taken, { epoch: 3n })).supersede).toBe(true);
  });

  it("is what the session becomes where it was before", async () => {
    const home = new Server();
    const other = new Server({ slices: ["10.8.1.0/29"], home: "edge-02" });
    const ann = await home.new("ann");
    const taken = admitted(await other.back("takeover", ann, { epoch: 2n }));
    const guest = admitted(await home.back("guest", taken, { epoch: 2n }));
    expect(guest).toMatchObject({ supersede: false, session: { guest: true, epoch: 2n } });
    expect(reason(await home.back("guest", ann))).toBe("superseded");
  });

  it("changes nothing at the server that has the session", async () => {
    const home = new Server();
    const ann = await home.new("ann");
    expect(admitted(await home.back("guest", ann)).session.guest).toBe(false);
  });

  it("needs a token that is good, and its epoch", async () => {
    const home = new Server();
    const other = new Server({ slices: ["10.8.1.0/29"], home: "edge-02" });
    const ann = await home.new("ann");
    for (const epoch of [0n, 2n]) expect(reason(await other.back("guest", ann, { epoch }))).toBe("token_invalid");
    expect(reason(await other.back("guest", ann, { identity: "bob" }))).toBe("token_invalid");
    other.denied.add("ann");
    expect(reason(await other.back("guest", ann))).toBe("denied");
  });
});

describe("the end of a session", () => {
  it("by a kick keeps its address for whom it was, who may come back until the token expires", async () => {
    const server = new Server({ slices: ["10.8.0.2/31"] });
    const ann = await server.new("ann");
    expect(server.registry.remove(ann.session.id)?.id).toBe(ann.session.id);
    expect(server.registry.remove(ann.session.id)).toBeUndefined();
    expect(server.registry.ofLink(1)).toBeUndefined();
    expect((await server.new("bob")).session.addresses).not.toEqual(ann.session.addresses);
    expect(reason(await server.admit({ identity: "cat" }))).toBe("no_address");
    expect(reason(await server.back("join", ann))).toBe("not_here");
    expect(admitted(await server.back("takeover", ann, { epoch: 2n })).session.addresses).toEqual(
      ann.session.addresses,
    );
  });

  it("comes when it has no link and its last token has expired, not before", async () => {
    const server = new Server({ slices: ["10.8.0.2/32"] });
    const ann = await server.new("ann");
    server.wall += 5 * lifetime;
    expect(server.registry.expire()).toEqual([]);
    server.registry.linkClosed(1);
    server.registry.linkClosed(1);
    expect(server.registry.expire().map(({ id }) => id)).toEqual([ann.session.id]);
    expect(server.registry.size).toBe(0);
    expect((await server.new("bob")).session.addresses).toEqual(["10.8.0.2"]);
  });
});

describe("renewal", () => {
  it("is due in the second half of a token's life for sessions with links, and extends the lease", async () => {
    const server = new Server({ slices: ["10.8.0.2/32"] });
    await server.new("ann");
    const session = server.registry.ofLink(1) as ServerSession;
    server.wall += 500;
    expect([...server.registry.stale()]).toEqual([]);
    server.wall += 1;
    expect(server.registry.stale()).toEqual([session]);
    const token = (await server.registry.renew(session)) ?? expect.fail();
    expect(server.sealer.open(token)).toMatchObject({ expires: server.wall + lifetime, epoch: "1" });
    expect(server.registry.stale()).toEqual([]);
    server.wall += 999;
    server.restart();
    expect(reason(await server.admit({ identity: "bob" }))).toBe("no_address");
    const { identity, id } = session;
    const back = await server.admit({ identity, intent: "takeover", session: id, epoch: 2n, token });
    expect(admitted(back).session.addresses).toEqual(["10.8.0.2"]);
  });

  it("does nothing for a session that has ended meanwhile", async () => {
    const server = new Server();
    await server.new("ann");
    const session = server.registry.ofLink(1) as ServerSession;
    const lines = server.journal.lines.length;
    const renewed = server.registry.renew(session);
    server.registry.remove(session.id);
    expect(await renewed).toBeUndefined();
    expect(server.journal.lines).toHaveLength(lines);
  });
});

describe("any course of events", () => {
  const who = fc.constantFrom("ann", "bob", "fix");
  const nth = fc.nat({ max: 30 });
  const step = fc.oneof(
    fc.record({ kind: fc.constant("new" as const), who }),
    fc.record({
      kind: fc.constantFrom("join" as const, "takeover" as const),
      nth,
      ahead: fc.integer({ min: -1, max: 2 }),
    }),
    fc.record({ kind: fc.constantFrom("unlink" as const, "kick" as const), nth }),
    fc.record({ kind: fc.constant("wait" as const), millis: fc.integer({ min: 1, max: 700 }) }),
    fc.record({ kind: fc.constantFrom("restart" as const, "tick" as const) }),
  );

  it("leaves every address with one session, of the identity that the newest lease names", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
        const server = new Server({ slices: ["10.8.0.0/29"] });
        server.fixed.set("fix", ["10.8.0.4"]);
        server.restart();
        const known: Admitted[] = [];
        /** What the data thread would hold. */
        const live = new Map<string, ServerSession>();
        const took = (outcome: AdmissionOutcome): void => {
          if (outcome.kind === "refused") return;
          for (const { id } of outcome.displaced) live.delete(id);
          live.set(outcome.session.id, outcome.session);
          known.push(admitted(outcome));
        };
        for (const one of steps) {
          const old = "nth" in one ? known[one.nth % Math.max(1, known.length)] : undefined;
          if (one.kind === "new") took(await server.admit({ identity: one.who }));
          else if (one.kind === "wait") server.wall += one.millis;
          else if (one.kind === "restart") {
            server.restart();
            live.clear();
          } else if (one.kind === "tick") {
            for (const { id } of server.registry.expire()) live.delete(id);
            for (const session of server.registry.stale()) await server.registry.renew(session);
          } else if (old !== undefined && one.kind === "kick") {
            server.registry.remove(old.session.id);
            live.delete(old.session.id);
          } else if (old !== undefined && one.kind === "unlink") {
            for (const link of server.registry.get(old.session.id)?.links ?? []) server.registry.linkClosed(link);
          } else if (old !== undefined && (one.kind === "join" || one.kind === "takeover")) {
            const epoch = old.session.epoch + BigInt(one.ahead);
            took(await server.back(one.kind, old, { epoch: epoch < 0n ? 0n : epoch }));
          }
          const here = [...server.registry.sessions()];
          expect(new Set(here.map(({ id }) => id))).toEqual(new Set(live.keys()));
          const addresses = here.flatMap((session) => session.addresses);
          expect(new Set(addresses).size).toBe(addresses.length);
          for (const { identity, addresses: own } of here) {
            expect(own).toHaveLength(1);
            expect(own.includes("10.8.0.4")).toBe(identity === "fix");
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
