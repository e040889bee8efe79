import { expect, test } from "vitest";
import { heldBackBy } from "../../src/daemon/held-back.ts";
import { aBreaker, aConnection } from "../fakes/snapshot.ts";

test("a breaker holds back what nothing else does, on its own backend, while it admits no new traffic", () => {
  const connections = [
    aConnection("c1", { backend: "eu-1" }),
    aConnection("c2", { backend: "eu-2" }),
    aConnection("c3", { backend: "eu-2", limited_by: "bucket" }),
  ];
  const by = (state: Parameters<typeof aBreaker>[1]): string[] =>
    heldBackBy([aBreaker("eu-1"), aBreaker("eu-2", state)], connections).map(({ limited_by }) => limited_by);
  expect(by({ state: "closed" })).toEqual(["nothing", "nothing", "bucket"]);
  expect(by({ state: "observe" })).toEqual(["nothing", "nothing", "bucket"]);
  for (const state of ["open", "half-open", "forced-open"] as const) {
    expect(by({ state })).toEqual(["nothing", "breaker", "bucket"]);
  }
});
