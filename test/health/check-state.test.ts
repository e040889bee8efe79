import { describe, expect, test } from "vitest";
import {
  type CheckEvent,
  checksStart,
  type CheckState,
  checkStep,
  type FailureCause,
  recoveredAt,
} from "../../src/daemon/health/check-state.ts";

const rules = { rise: 2, fall: 3 };
const passed: CheckEvent = { kind: "passed" };
const failed: CheckEvent = { kind: "failed", cause: "timeout" };
const stopping: CheckEvent = { kind: "stopping" };

function walk(state: CheckState, ...events: CheckEvent[]): CheckState {
  return events.reduce((at, event, index) => checkStep(at, event, rules, 100 * (index + 1)), state);
}

const starting = checksStart(0);
const up = walk(starting, passed);
const down = walk(up, failed, failed, failed);
const leaving = walk(up, stopping);
const states = { starting, up, down, stopping: leaving };
type Kind = CheckState["kind"];

/** Shortest run of events from each state to each; undefined where there is no way. */
const ways: Record<Kind, Record<Kind, CheckEvent[] | undefined>> = {
  starting: { starting: [], up: [passed], down: [failed, failed, failed], stopping: [stopping] },
  up: { starting: undefined, up: [], down: [failed, failed, failed], stopping: [stopping] },
  down: { starting: undefined, up: [passed, passed], down: [], stopping: [stopping] },
  stopping: { starting: undefined, up: [passed], down: [failed, failed, failed], stopping: [] },
};

const pairs = (Object.keys(ways) as Kind[]).flatMap((from) =>
  (Object.keys(ways) as Kind[]).map((to) => [from, to] as const),
);

function reachable(from: CheckState): Set<Kind> {
  const found = new Set<Kind>();
  let frontier = [from];
  for (let depth = 0; depth < 6; depth++) {
    frontier = frontier.flatMap((state) => [passed, failed, stopping].map((event) => walk(state, event)));
    for (const { kind } of frontier) found.add(kind);
  }
  return found;
}

describe("every pair of states", () => {
  test.each(pairs)("%s → %s", (from, to) => {
    const way = ways[from][to];
    if (way === undefined) return expect(reachable(states[from])).not.toContain(to);
    expect(walk(states[from], ...way).kind).toBe(to);
    // The last event makes the change, not an earlier one.
    if (from !== to) expect(walk(states[from], ...way.slice(0, -1)).kind).toBe(from);
  });
});

describe("rise and fall", () => {
  test("only failures in a row take it down", () => {
    expect(walk(up, failed, failed, passed, failed, failed).kind).toBe("up");
    expect(walk(starting, failed, failed, passed, failed, failed).kind).toBe("up");
    expect(walk(leaving, failed, failed, stopping, failed, failed).kind).toBe("stopping");
  });

  test("only successes in a row bring it up", () => {
    expect(walk(down, passed, failed, passed).kind).toBe("down");
    expect(walk(down, passed, failed, passed, passed).kind).toBe("up");
  });

  test("fall 1 and rise 1", () => {
    const once = { rise: 1, fall: 1 };
    const fell = checkStep(up, failed, once, 5);
    expect(fell.kind).toBe("down");
    expect(checkStep(fell, passed, once, 6).kind).toBe("up");
  });

  test.each<FailureCause>(["link_death", "connect_failure", "write_stall", "timeout", "refused", "unexpected_answer"])(
    "%s counts as a failure, and is what it is down of",
    (cause) => {
      const state = walk(up, failed, failed, { kind: "failed", cause });
      expect(state).toEqual({ kind: "down", successes: 0, since: 300, cause });
      expect(walk(state, failed)).toMatchObject({ cause: "timeout", since: 300 });
    },
  );
});

describe("recovery, from which the slow start counts", () => {
  test("after a failure", () => expect(recoveredAt(walk(down, passed, passed))).toBe(200));

  test("and it goes on counting from there", () => {
    expect(recoveredAt(walk(down, passed, passed, failed, passed))).toBe(200);
  });

  test.each([
    ["at process start", up],
    ["after a drain that was taken back", walk(leaving, passed)],
    ["while down", down],
    ["while starting", walk(starting, failed)],
  ])("not %s", (_, state) => expect(recoveredAt(state)).toBeUndefined());
});
