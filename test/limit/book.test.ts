import { beforeEach, describe, expect, it } from "vitest";
import { adjusted } from "../../src/daemon/limit/adjust.ts";
import { type BucketFigures, LimitBook, type Owners } from "../../src/daemon/limit/book.ts";
import type { Limit } from "../../src/daemon/limit/limit.ts";
import { changedRules, type LimitChange, type LimitRules, limitFor, noLimits } from "../../src/daemon/limit/rules.ts";
import { FakeClock } from "../fakes/clock.ts";

const limit = (perSecond: number): Limit => ({ unit: "bytes", perSecond, burst: perSecond / 10 });
const owners: Owners = { sessionCount: 1, sessions: ["0a"], identities: ["ann"], services: ["db"] };

let clock: FakeClock;
/** What was told, and the rules that follow from all of it. */
let told: (LimitRules | readonly LimitChange[])[];
let rules: LimitRules;
let expired: string[];
let figures: Map<string, BucketFigures>;
let book: LimitBook;

beforeEach(() => {
  clock = new FakeClock();
  told = [];
  rules = { ...noLimits, global: limit(1000), session: limit(100) };
  expired = [];
  figures = new Map();
  book = new LimitBook({
    clock,
    rules,
    measured: () => figures.keys(),
    figures: (name) => figures.get(name),
    configured: (all) => {
      told.push(all);
      rules = all;
    },
    changed: (changes) => {
      told.push(changes);
      rules = changedRules(rules, changes);
    },
    expired: (name) => void expired.push(name),
  });
});

function inEffect(scope: "global" | "session", id: string): Limit | undefined {
  return limitFor(rules, { scope, id }, "up");
}

it("lists every bucket there could be, also those that limit nothing", () => {
  const rows = book.rows(owners);
  expect(rows.map(({ name }) => name)).toEqual(
    ["global", "identity/ann", "service/db", "session/0a"].flatMap((owner) => [`${owner}/up`, `${owner}/down`]),
  );
  expect(rows.find(({ name }) => name === "session/0a/down")).toEqual({
    name: "session/0a/down",
    scope: "connection",
    direction: "down",
    rate: 100,
    burst: 10,
    unit: "bytes",
    tokens: 10,
    utilisation: 0,
    waiting_ms: 0,
    dropped: 0,
    pinned: false,
    expires_seconds: null,
  });
  expect(rows.find(({ name }) => name === "identity/ann/up")).toMatchObject({
    rate: null,
    burst: null,
    tokens: null,
    utilisation: null,
  });
});

it("lists only what limits when there are many sessions", () => {
  const free = new LimitBook({
    clock,
    rules: noLimits,
    measured: () => [],
    figures: () => undefined,
    configured: () => undefined,
    changed: () => undefined,
    expired: () => undefined,
  });
  const many = { ...owners, sessionCount: 100, sessions: Array.from({ length: 100 }, (_, id) => `s${id}`) };
  free.set("session/s5/up", undefined, undefined);
  expect(free.rows(many).map(({ name }) => name)).toEqual(["global/up", "global/down", "session/s5/up"]);
  expect(book.count(many)).toBe(202);
  free.set("identity/bob/up", undefined, undefined);
  for (const some of [owners, many]) expect(free.rows(some).map(({ name }) => name)).toContain("identity/bob/up");
  expect(book.rows(many, 3).map(({ name }) => name)).toEqual(["global/up", "global/down", "session/s0/up"]);
});

const at = (taken: number): BucketFigures => ({ tokens: -3.2, taken, dropped: 4, waited_ms: 1.26 });

it("measures how much of a limit is used", () => {
  figures.set("global/up", at(0));
  book.sample(owners);
  clock.advance(1000);
  figures.set("global/up", at(255));
  book.sample(owners);
  const row = book.rows(owners)[0];
  expect(row).toMatchObject({ utilisation: 25.5, tokens: -3, dropped: 4, waiting_ms: 1.3 });
});

describe("a limit that an operator set", () => {
  it("wins over the configuration, also over a newer one, until it is given back", () => {
    book.set("global/up", limit(5), undefined);
    expect(inEffect("global", "")).toEqual(limit(5));
    book.configure({ ...noLimits, global: limit(77) });
    expect(inEffect("global", "")).toEqual(limit(5));
    expect(book.rows(owners)[0]).toMatchObject({ pinned: true, rate: 5, expires_seconds: null });
    book.giveBack("global/up");
    expect(inEffect("global", "")).toEqual(limit(77));
  });

  it("ends by itself when it was set for a while", () => {
    book.set("global/up", undefined, 60_000);
    clock.advance(30_000);
    expect(book.rows(owners)[0]).toMatchObject({ rate: null, pinned: true, expires_seconds: 30 });
    expect(inEffect("global", "")).toBeUndefined();
    clock.advance(30_000);
    expect(inEffect("global", "")).toEqual(limit(1000));
    expect([expired, clock.pending]).toEqual([["global/up"], 0]);
  });

  it("is forgotten with its session", () => {
    book.set("session/0a/up", limit(3), 60_000);
    book.sample({ ...owners, sessions: [] });
    expect(clock.pending).toBe(0);
    expect(inEffect("session", "0a")).toEqual(limit(100));
  });
});

it("knows whom it could limit", () => {
  const known = ["global/up", "identity/ann/down", "session/0a/up", "service/db/down"];
  expect(known.filter((name) => !book.knows(name, owners))).toEqual([]);
  for (const name of ["identity/bob/up", "session/0b/up", "global", ""]) expect(book.knows(name, owners)).toBe(false);
});

describe("adjustment", () => {
  const bounds = { interval: 1000, least: 20, most: 100 };

  it("goes down to 85 %, up by 2 % of the base, between its bounds, with the burst in proportion", () => {
    const base = limit(100);
    expect(adjusted(base, base, bounds, true)).toEqual({ unit: "bytes", perSecond: 85, burst: 9 });
    expect(adjusted(limit(50), base, bounds, false).perSecond).toBe(52);
    expect(adjusted(base, base, bounds, false)).toEqual(base);
    expect(adjusted(limit(21), base, bounds, true).perSecond).toBe(20);
  });

  it("changes the slow session's limit in one direction, and not before its time", () => {
    book.adjust(bounds, "up", () => new Map([["0a", true]]));
    expect(told).toEqual([]);
    clock.advance(1000);
    book.adjust(
      bounds,
      "up",
      () =>
        new Map([
          ["0a", true],
          ["0b", false],
        ]),
    );
    expect(inEffect("session", "0a")?.perSecond).toBe(85);
    expect(inEffect("session", "0b")?.perSecond).toBe(100);
    expect(book.limit("session/0a/down")?.perSecond).toBe(100);
    clock.advance(1000);
    book.adjust(undefined, "up", () => new Map([["0a", true]]));
    expect(book.limit("session/0a/up")?.perSecond).toBe(85);
    book.set("session/0a/up", limit(3), undefined);
    expect(inEffect("session", "0a")?.perSecond).toBe(3);
  });

  it("tells of nothing but what changed, and that what was adjusted for a session is over", () => {
    const sessions = Array.from({ length: 1000 }, (_, id) => `s${id}`);
    const slow = new Map(sessions.map((id) => [id, id === "s7"]));
    clock.advance(1000);
    book.adjust(bounds, "up", () => slow);
    expect(told).toEqual([[{ bucket: "session/s7/up", limit: { unit: "bytes", perSecond: 85, burst: 9 } }]]);
    book.sample({ ...owners, sessions });
    expect(told).toHaveLength(1);
    // What an operator set stays as it is, whatever the path says.
    book.set("session/s8/up", undefined, undefined);
    clock.advance(1000);
    book.adjust(bounds, "up", () => new Map([["s8", true]]));
    expect(told.slice(1)).toEqual([[{ bucket: "session/s8/up", limit: "unlimited" }]]);
    book.sample({ ...owners, sessions: ["s8"] });
    expect(told.at(-1)).toEqual([{ bucket: "session/s7/up", limit: "configured" }]);
    expect(rules.set).toEqual(new Map([["session/s8/up", undefined]]));
    book.giveBack("session/s8/up");
    expect(told.at(-1)).toEqual([{ bucket: "session/s8/up", limit: { unit: "bytes", perSecond: 85, burst: 9 } }]);
  });
});
