import { expect, it } from "vitest";
import type { Limit } from "../../src/daemon/limit/limit.ts";
import { Limiter } from "../../src/daemon/limit/limiter.ts";
import { bucketName, type BucketOwner, parseBucketName } from "../../src/daemon/limit/names.ts";
import { limitFor, noLimits } from "../../src/daemon/limit/rules.ts";

const limit = (perSecond: number): Limit => ({ unit: "bytes", perSecond, burst: perSecond });
const global: BucketOwner = { scope: "global", id: "" };
const ann: BucketOwner = { scope: "identity", id: "ann" };
const session: BucketOwner = { scope: "session", id: "0a1b" };

it("names buckets both ways", () => {
  for (const owner of [global, ann, session, { scope: "service", id: "db" } as const]) {
    expect(parseBucketName(bucketName(owner, "up"))).toEqual({ owner, direction: "up" });
  }
  for (const bad of ["", "global", "global/x/up", "identity/up", "identity//up", "peer/ann/up", "global/sideways"]) {
    expect(parseBucketName(bad)).toBeUndefined();
  }
});

it("prefers what was set by name, also unlimited", () => {
  const rules = {
    ...noLimits,
    global: limit(5),
    set: new Map([
      ["global/up", undefined],
      ["identity/ann/up", limit(7)],
    ]),
  };
  expect(limitFor(rules, global, "up")).toBeUndefined();
  expect(limitFor(rules, global, "down")).toEqual(limit(5));
  expect(limitFor(rules, ann, "up")).toEqual(limit(7));
  expect(limitFor(rules, ann, "down")).toBeUndefined();
});

it("makes buckets where something is limited, shares them, and tells of it", () => {
  const told: string[] = [];
  const limiter = new Limiter(() => 0, {
    made: (name) => void told.push(`+${name}`),
    gone: (name) => void told.push(`-${name}`),
  });
  const owners = [global, ann, session];
  expect(limiter.path(owners, "up")).toBeUndefined();
  limiter.configure({ ...noLimits, session: limit(3), identities: new Map([["ann", limit(9)]]) });
  const path = limiter.path(owners, "up");
  expect(path?.buckets.map((bucket) => bucket.limit.perSecond)).toEqual([9, 3]);
  const other = limiter.path([global, ann, { scope: "session", id: "ff" }], "up");
  expect(other?.buckets[0]).toBe(path?.buckets[0]);
  expect(other?.buckets[1]).not.toBe(path?.buckets[1]);
  limiter.forget(session);
  limiter.configure(noLimits);
  expect(limiter.path(owners, "up")).toBeUndefined();
  expect(told).toEqual([
    "+identity/ann/up",
    "+session/0a1b/up",
    "+session/ff/up",
    "-session/0a1b/up",
    "-identity/ann/up",
  ]);
});
