import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BackendAction } from "../../src/daemon/control/backend.ts";
import { limits, type Params } from "../../src/shared/control/protocol.ts";
import { ann, bob, type ControlRig, controlRig } from "../fakes/control-server.ts";
import { aBackend, aBreaker, aSnapshot } from "../fakes/snapshot.ts";

let rig: ControlRig;
beforeEach(async () => {
  rig = await controlRig();
});
afterEach(() => rig[Symbol.asyncDispose]());

type Kind = BackendAction["kind"];

/** One call of each method, well-formed. */
const calls: { readonly [K in Kind]: Params<K> } = {
  drain: { backend: "eu-1" },
  ready: { backend: "eu-1" },
  maint: { backend: "eu-1" },
  set_weight: { backend: "eu-1", weight: 7 },
  reset_breaker: { backend: "eu-1" },
  open_breaker: { backend: "eu-1" },
  close_breaker: { backend: "eu-1" },
};
const kinds = Object.keys(calls) as Kind[];

describe.each(kinds)("%s", (kind) => {
  it("acts on the backend and audits who did it", async () => {
    rig.as(bob);
    using client = await rig.connect();
    const { facts } = await client.call(kind, calls[kind]);
    expect(facts).toMatchObject({ left: expect.arrayContaining(["eu-2"]), last_healthy: false });
    expect(rig.backend.acts).toMatchObject([{ kind, backend: "eu-1" }]);
    const target = kind === "set_weight" ? "eu-1 weight=7" : "eu-1";
    expect(rig.backend.audits).toMatchObject([
      { who: "bob (uid 1001, pid 12)", action: kind, target, outcome: "done" },
    ]);
  });

  it("does nothing in a dry run", async () => {
    using client = await rig.connect();
    expect(await client.call(kind, { ...calls[kind], dry_run: true })).toMatchObject({ dry_run: true });
    expect(rig.backend.acts).toEqual([]);
  });

  it("is denied to a viewer, dry runs too, and the try is audited", async () => {
    rig.as(ann);
    using client = await rig.connect();
    const call = client.call(kind, { ...calls[kind], dry_run: true });
    await expect(call).rejects.toMatchObject({ code: "control_denied" });
    expect(rig.backend.acts).toEqual([]);
    expect(rig.backend.audits).toMatchObject([
      { action: `${kind} --dry-run`, outcome: expect.stringMatching(/^denied/) },
    ]);
  });

  it("knows no backend of another name", async () => {
    using client = await rig.connect();
    const call = client.call(kind, { ...calls[kind], backend: "eu-9" });
    await expect(call).rejects.toMatchObject({ code: "control_not_found" });
  });
});

describe("the last healthy backend", () => {
  beforeEach(() => rig.backend.set(aSnapshot({ backends: [aBackend("eu-1")] })));

  it("is taken only with the risk accepted, which the audit tells", async () => {
    using client = await rig.connect();
    await expect(client.call("drain", { backend: "eu-1" })).rejects.toMatchObject({ code: "control_refused" });
    await expect(client.call("drain", { backend: "eu-1", dry_run: true })).rejects.toMatchObject({
      code: "control_refused",
    });
    const dry = await client.call("drain", { backend: "eu-1", dry_run: true, accept_risk: true });
    expect(dry.facts).toEqual({ connections_moved: 2, bps_moved: 2_000_000, left: [], last_healthy: true });
    await client.call("drain", { backend: "eu-1", accept_risk: true });
    expect(rig.backend.acts).toHaveLength(1);
    expect(rig.backend.audits.at(-1)).toMatchObject({ target: "eu-1 accept_risk", outcome: "done" });
  });
});

describe("parameters that make no sense are refused before the daemon sees them", () => {
  const { weight, timeMs } = limits;
  it.each([
    ["set_weight", { backend: "eu-1" }],
    ["set_weight", { backend: "eu-1", weight: weight.max + 1 }],
    ["set_weight", { backend: "eu-1", weight: -1 }],
    ["set_weight", { backend: "eu-1", weight: 1.5 }],
    ["set_weight", { backend: "eu-1", weight: "manual" }],
    ["maint", {}],
    ["maint", { backend: "" }],
    ["close_breaker", { backend: "x".repeat(limits.target + 1) }],
    ["open_breaker", { backend: "eu-1", for_ms: timeMs.min - 1 }],
    ["open_breaker", { backend: "eu-1", for_ms: timeMs.max + 1 }],
    ["drain", { backend: "eu-1", deadline_ms: 0 }],
    ["drain", { backend: "eu-1", force: true }],
    ["reset_breaker", {}],
    ["reset_breaker", { all: false }],
    ["reset_breaker", { backend: "eu-1", all: true }],
  ] as const)("%s %j", async (method, params) => {
    using client = await rig.connect();
    const call = client.call(method, params);
    await expect(call).rejects.toMatchObject({ code: "usage" });
    expect(rig.backend.acts).toEqual([]);
  });

  it("what is on the edge is taken", async () => {
    using client = await rig.connect();
    await client.call("set_weight", { backend: "eu-1", weight: weight.max });
    await client.call("set_weight", { backend: "eu-1", weight: "auto" });
    await client.call("open_breaker", { backend: "eu-1", for_ms: timeMs.max });
    await client.call("drain", { deadline_ms: timeMs.min });
    await client.call("reset_breaker", { all: true });
    expect(rig.backend.acts).toEqual([
      { kind: "set_weight", backend: "eu-1", weight: weight.max },
      { kind: "set_weight", backend: "eu-1", weight: "auto" },
      { kind: "open_breaker", backend: "eu-1", forMs: timeMs.max },
      { kind: "drain", backend: undefined, deadlineMs: timeMs.min },
      { kind: "reset_breaker", backend: undefined },
    ]);
  });
});

it("a subscriber sees a breaker open and a backend drain", async () => {
  using client = await rig.connect();
  const seen = Promise.withResolvers<void>();
  await client.subscribe(limits.rateHz.max, ({ backends, breakers }) => {
    if (backends[1]?.admin === "drain" && breakers[0]?.state === "open") seen.resolve();
  });
  rig.backend.set(
    aSnapshot({
      backends: [aBackend("eu-1"), aBackend("eu-2", { admin: "drain" })],
      breakers: [aBreaker("eu-1", { state: "open" }), aBreaker("eu-2")],
    }),
  );
  await seen.promise;
});
