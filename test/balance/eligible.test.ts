import { describe, expect, test } from "vitest";
import {
  type AdminState,
  type Backend,
  eligible,
  type EligibleOptions,
  exclusion,
  type OperationalState,
} from "../../src/daemon/balance/eligible.ts";
import { hashText } from "../../src/daemon/balance/hash.ts";
import { backend, type Both, countBy } from "./candidates.ts";

const options: EligibleOptions = { admits: () => true, flow: 1 };
const refusing =
  (...names: string[]): EligibleOptions["admits"] =>
  ({ name }) =>
    !names.includes(name);

function names(backends: Both[], changes: Partial<EligibleOptions> = {}): string {
  const found = eligible(backends, { ...options, ...changes });
  return found.kind === "none" ? "none" : `${found.kind} ${found.backends.map(({ name }) => name).join(" ")}`;
}

/** Share of 10,000 flows that go to each level. */
function levelShares(backends: Both[]): Record<string, number> {
  const flows = Array.from({ length: 10_000 }, (_, index) => hashText(`flow ${index}`));
  const counts = countBy(flows, (flow) => {
    const found = eligible(backends, { ...options, flow });
    return found.kind === "healthy" ? String(found.backends[0]?.priority) : found.kind;
  });
  return Object.fromEntries(Object.entries(counts).map(([level, count]) => [level, count / 10_000]));
}

describe("exclusion", () => {
  const table: Record<AdminState, Record<OperationalState, string | undefined>> = {
    ready: { up: undefined, starting: undefined, down: "down", stopping: "stopping" },
    drain: { up: "drain", starting: "drain", down: "drain", stopping: "drain" },
    maint: { up: "maint", starting: "maint", down: "maint", stopping: "maint" },
  };
  const pairs = Object.entries(table).flatMap(([admin, row]) =>
    Object.entries(row).map(([operational, expected]) => [admin, operational, expected] as const),
  );

  test.each(pairs)("%s and %s: %s", (admin, operational, expected) => {
    const state = { admin: admin as AdminState, operational: operational as OperationalState };
    expect(exclusion(backend("a", state), () => true)).toBe(expected);
  });

  test.each<[Partial<Backend>, string]>([
    [{ rejected: true }, "policy"],
    [{ weight: 0 }, "weight"],
    [{ rejected: true, operational: "down" }, "policy"],
  ])("%j: %s", (state, expected) => expect(exclusion(backend("a", state), () => true)).toBe(expected));

  test("its breaker", () => expect(exclusion(backend("a"), refusing("a"))).toBe("breaker"));
});

describe("eligible", () => {
  test("the healthy ones of the best level", () => {
    const spare = backend("spare", { priority: 1 });
    expect(names([spare, backend("a"), backend("b", { operational: "starting" })])).toBe("healthy a b");
  });

  test("drain, maint, policy, weight 0 and an open breaker take nothing new", () => {
    const others: Both[] = [
      backend("drain", { admin: "drain" }),
      backend("maint", { admin: "maint" }),
      backend("policy", { rejected: true }),
      backend("zero", { weight: 0 }),
      backend("open"),
    ];
    const admits = refusing("open");
    expect(names([...others, backend("a")], { admits })).toBe("healthy a");
    expect(names(others, { admits })).toBe("none");
  });

  test("nobody", () => expect(names([])).toBe("none"));
});

describe("panic", () => {
  const down = backend("down", { operational: "down" });
  const spare = backend("spare", { operational: "down", priority: 1 });
  const stopping = backend("stopping", { operational: "stopping" });

  test("bad health never takes the last one away", () => expect(names([down])).toBe("panic down"));

  test("the best level first", () => expect(names([spare, down])).toBe("panic down"));

  test("one that leaves comes last", () => {
    expect(names([stopping, spare])).toBe("panic spare");
    expect(names([stopping])).toBe("panic stopping");
  });

  test.each<[string, Partial<Both>]>([
    ["under maint", { admin: "maint" }],
    ["drained", { admin: "drain" }],
    ["rejected by policy", { rejected: true }],
    ["of weight 0", { weight: 0 }],
  ])("never one %s", (_, state) => {
    expect(names([backend("out", { ...state, operational: "down" })])).toBe("none");
    expect(names([backend("out", state), down])).toBe("panic down");
  });

  test("an open breaker still stops new calls", () => {
    expect(names([down], { admits: refusing("down") })).toBe("none");
    expect(names([backend("open"), down], { admits: refusing("open") })).toBe("panic down");
  });
});

const level = (priority: number, ...states: OperationalState[]): Both[] =>
  states.map((operational, index) => backend(`${priority}-${index}`, { priority, operational }));

describe("priorities", () => {
  test("a level that lost less than its surplus keeps all", () => {
    expect(levelShares([...level(0, "up", "up", "up", "down"), ...level(1, "up")])).toEqual({ "0": 1 });
  });

  test("a level that lost half keeps 70 % and the rest overflows", () => {
    const shares = levelShares([...level(0, "up", "down"), ...level(1, "up")]);
    expect(shares["0"]).toBeCloseTo(0.7, 1.5);
    expect(shares["1"]).toBeCloseTo(0.3, 1.5);
  });

  test("over three levels", () => {
    const shares = levelShares([
      ...level(0, "up", "down", "down", "down"),
      ...level(5, "up", "down"),
      ...level(9, "up"),
    ]);
    expect(shares["0"]).toBeCloseTo(0.35, 1.5);
    expect(shares["5"]).toBeCloseTo(0.65, 1.5);
    expect(shares["9"]).toBeUndefined();
  });

  test("a dead level gives everything to the next", () => {
    expect(levelShares([...level(0, "down", "down"), ...level(1, "up")])).toEqual({ "1": 1 });
  });

  test("without a next level the rest of a level takes all", () => {
    expect(levelShares(level(0, "up", "down", "down"))).toEqual({ "0": 1 });
  });

  test("two weak levels share what neither can take alone", () => {
    const weak: OperationalState[] = ["up", "down", "down", "down"];
    const shares = levelShares([...level(0, ...weak), ...level(1, ...weak)]);
    expect(shares["0"]).toBeCloseTo(0.5, 1.5);
    expect(shares["1"]).toBeCloseTo(0.5, 1.5);
  });

  test.each<Partial<Both>>([{ weight: 0 }, { admin: "drain" }, { admin: "maint" }, { operational: "stopping" }])(
    "one that somebody took out is not missed: %j",
    (out) => {
      const spare = backend("spare", { priority: 1 });
      expect(levelShares([backend("a"), backend("b", out), spare])).toEqual({ "0": 1 });
    },
  );

  test("a level that comes back takes over along its slow start", () => {
    const shares = [0.1, 0.5, 1].map(
      (ramp) => levelShares([backend("back", { ramp }), backend("spare", { priority: 1 })])["0"],
    );
    expect(shares[0]).toBeCloseTo(0.14, 1.5);
    expect(shares[1]).toBeCloseTo(0.7, 1.5);
    expect(shares[2]).toBe(1);
  });

  test("a flow that is on the level stays there while the level gets healthier", () => {
    for (let index = 0; index < 1000; index++) {
      const on = (ramp: number): boolean =>
        names([backend("back", { ramp }), backend("spare", { priority: 1 })], { flow: hashText(`${index}`) }) ===
        "healthy back";
      if (on(0.3)) expect(on(0.6)).toBe(true);
    }
  });
});

describe("the one that just failed", () => {
  test("another one comes first, on its level or the next", () => {
    expect(names([backend("a"), backend("b")], { avoid: "a" })).toBe("healthy b");
    expect(names([backend("a"), backend("spare", { priority: 1 })], { avoid: "a" })).toBe("healthy spare");
  });

  test("it makes nothing overflow", () => {
    const all = [backend("a"), backend("b"), backend("spare", { priority: 1 })];
    for (let flow = 0; flow < 1000; flow++) expect(names(all, { avoid: "a", flow: flow * 7919 })).toBe("healthy b");
  });

  test("it is still better than one in bad health", () => {
    expect(names([backend("a"), backend("b", { operational: "down" })], { avoid: "a" })).toBe("healthy a");
    expect(names([backend("a")], { avoid: "a" })).toBe("healthy a");
  });

  test("in a panic, too, another one comes first", () => {
    const [one, other] = [backend("a", { operational: "stopping" }), backend("b", { operational: "stopping" })];
    expect(names([one, other], { avoid: "a" })).toBe("panic b");
    expect(names([one], { avoid: "a" })).toBe("panic a");
  });
});
