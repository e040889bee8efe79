import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Snapshot } from "../../src/shared/control/snapshot.ts";
import { type ActionName, actions, type Order } from "../../src/tui/model/actions.ts";
import { quietBeforeConfirm, readBeforeConfirm } from "../../src/tui/model/dialog.ts";
import { aBackend, aBreaker, aConnection, aSnapshot } from "../fakes/snapshot.ts";
import { Driver, keyOf } from "./driver.ts";

const rows: Snapshot = aSnapshot({
  connections: [aConnection("a", { tx_bps: 2e3 }), aConnection("b", { tx_bps: 1e3 })],
  backends: [aBackend("a"), aBackend("b")],
  breakers: [aBreaker("a"), aBreaker("b")],
});

interface Opener {
  readonly action: ActionName;
  readonly tab: string;
  readonly key: string;
  readonly title: string;
}

const openers: readonly Opener[] = [
  { action: "kick", tab: "1", key: "x", title: "kick connection a of laptop-a" },
  { action: "drain", tab: "2", key: "d", title: "drain backend a" },
  { action: "ready", tab: "2", key: "e", title: "ready backend a" },
  { action: "maint", tab: "4", key: "m", title: "maint backend a" },
  { action: "reset_breaker", tab: "4", key: "R", title: "reset breaker a" },
  { action: "open_breaker", tab: "4", key: "O", title: "open breaker a" },
  { action: "close_breaker", tab: "2", key: "C", title: "close breaker a" },
];

/** The dialog for the first row, before the daemon has answered. */
function opened(tab = "1", key = "x"): Driver {
  return new Driver().snapshot(rows).press(tab, "down", key);
}

type InputEvent = readonly [gap: number, keys: readonly string[]];

interface Storm {
  readonly tab?: string;
  readonly lastHealthy?: boolean;
  readonly afterEach?: (driver: Driver, at: number) => void;
}

/** Plays input events, each after a gap in milliseconds; the daemon answers every dry run at once. */
function storm(events: readonly InputEvent[], { tab = "1", lastHealthy = false, afterEach }: Storm = {}): Driver {
  const driver = new Driver().snapshot(rows).press(tab, "down");
  for (const [at, [gap, names]] of events.entries()) {
    driver.now += gap;
    driver.send({ kind: "keys", keys: names.map(keyOf), now: driver.now });
    const { mode } = driver.state;
    if (mode.kind === "act" && mode.dialog.phase.kind === "asking") driver.answer(true, "moves", { lastHealthy });
    afterEach?.(driver, at);
  }
  return driver;
}

function orderOf(action: ActionName): Order {
  return { action, targets: ["a"], args: {} };
}

/** Those that are opened by an editor or a command only, or have no row that they are done to. */
const elsewhere: readonly ActionName[] = [
  "log_level",
  "set_weight",
  "set_rate",
  "revoke",
  "allow",
  "reload",
  "rotate",
  "stop",
  "undo",
  "confirm",
];

test("every action has a key and is tried here, but those that need a command", () => {
  const tried = openers.map(({ action }) => action);
  expect([...tried, ...elsewhere].toSorted()).toEqual(Object.keys(actions).toSorted());
});

describe.each(openers)("$action", ({ action, tab, key, title }) => {
  test("the dialog's text is the daemon's dry run and Cancel has the focus", () => {
    const driver = opened(tab, key);
    expect(driver.effects).toEqual([
      { kind: "act", order: orderOf(action), dryRun: true, acceptRisk: true, revision: 0, token: 1 },
    ]);
    expect(driver.text).toContain("asking the daemon");
    expect(driver.text).toContain(` ${title} `);
    driver.answer(true, "17 connections, 212 Mb/s move to be-1");
    expect(driver.text).toContain("17 connections, 212 Mb/s move to be-1");
    expect(driver.text).toContain("[> Cancel <]");
    expect(driver.text).toContain(`$ sssonector ctl ${actions[action].verb} a `);
    expect(driver.press("enter").acts).toEqual([]);
    expect(driver.state.mode.kind).toBe("browse");
  });

  test("choosing the button and confirming acts once, and the answer is shown", () => {
    const driver = opened(tab, key).answer(true, "moves").press("tab");
    expect(driver.text).toContain(`[> ${actions[action].button} <]`);
    driver.press("enter");
    expect(driver.acts).toEqual([
      { kind: "act", order: orderOf(action), dryRun: false, acceptRisk: false, revision: 0, token: 1 },
    ]);
    expect(driver.press("enter", "tab", "enter").acts).toHaveLength(1);
    expect(driver.answer(false, "done with a").text).toContain("done with a");
  });

  test("its key is told in the help", () => {
    const help = new Driver({ rows: 140 }).snapshot(rows).press(tab, "down", "?");
    expect(help.lines.some((line) => new RegExp(`│ +${key} .*; asks first`).test(line))).toBe(true);
  });
});

describe("a dialog", () => {
  test("has no focus on its button before the dry run has come, or when it was refused", () => {
    expect(opened().press("tab", "enter").acts).toEqual([]);
    const refused = opened().answer(true, "a link is all it has", { ok: false });
    expect(refused.text).toContain("a link is all it has");
    expect(refused.press("tab", "enter").acts).toEqual([]);
  });

  test("a refusal of the act itself is told", () => {
    const driver = opened("2", "d").answer(true, "moves").press("tab", "enter");
    expect(driver.answer(false, "eu-2 went down meanwhile", { ok: false }).text).toContain(
      "not done: eu-2 went down meanwhile",
    );
  });

  test("a confirmation that comes at once is not one", () => {
    const driver = opened().answer(true, "closes").press("tab");
    driver.now += quietBeforeConfirm - 1;
    expect(driver.burst("enter").acts).toEqual([]);
    expect(driver.text).toContain("too fast");
    driver.now += readBeforeConfirm;
    expect(driver.burst("enter").acts).toHaveLength(1);
  });

  test("an answer to an earlier dialog does not count for this one", () => {
    const driver = opened().press("escape", "down", "x");
    const answer = { dryRun: true, ok: true, text: "old", risk: undefined };
    driver.send({ kind: "answer", token: 1, answer, now: driver.now });
    expect(driver.text).toContain("asking the daemon");
  });

  test("who may not act is told why", () => {
    const told = (driver: Driver, ...keys: string[]): string => driver.snapshot(rows).press(...keys).text;
    expect(told(new Driver({ role: "viewer" }), "down", "x")).toContain("viewers may look only");
    expect(told(new Driver({ role: "viewer" }), "2", "down", "d")).toContain("viewers may look only");
    expect(told(new Driver(), "x")).toContain("select a connection first");
    expect(told(new Driver(), "2", "m")).toContain("select a backend first");
    expect(told(new Driver(), "6", "down", "x")).toContain("choose a connection or a session");
    expect(told(new Driver(), "2", "down", "x")).toContain("choose a connection or a session");
    expect(told(new Driver(), "1", "down", "d")).toContain("choose a backend or a breaker");
    expect(new Driver().snapshot(rows).press("down").wait(9000).press("x").text).toContain("the data is stale");
  });

  test("losing the daemon or the screen's size disarms it", () => {
    for (const lastHealthy of [false, true]) {
      const ready = (): Driver => opened("2", "d").answer(true, "moves", { lastHealthy }).press("a", "tab");
      const lost = ready();
      lost.send({ kind: "link", link: { kind: "down", problem: "gone" }, now: lost.now });
      expect(lost.press("enter").acts).toEqual([]);
      const small = ready();
      small.send({ kind: "size", columns: 40, rows: 9 });
      expect(small.press("enter").acts).toEqual([]);
    }
  });
});

/** The dialog for the last healthy backend. */
function asked(): Driver {
  return opened("2", "d").answer(true, "nothing is left", { lastHealthy: true });
}

describe("the last healthy backend", () => {
  test("wants its name typed, and the risk is accepted then", () => {
    const driver = asked();
    expect(driver.text).toContain("last healthy backend! type a: ");
    expect(driver.text).toContain("$ sssonector ctl drain a --accept-risk");
    driver.press("a", "tab", "enter");
    expect(driver.acts).toEqual([
      { kind: "act", order: orderOf("drain"), dryRun: false, acceptRisk: true, revision: 0, token: 1 },
    ]);
    expect(driver.text).toContain("$ sssonector ctl drain a --accept-risk");
  });

  test("no name or another one leaves the focus on Cancel", () => {
    const driver = asked().press("tab");
    expect(driver.text).toContain("type a first");
    expect(driver.press("enter").acts).toEqual([]);
    expect(asked().press("b", "tab", "enter").acts).toEqual([]);
    expect(asked().press("a", "a", "a", "tab", "enter").acts).toEqual([]);
    expect(asked().press("a", "a", "backspace", "tab", "enter").acts).toHaveLength(1);
  });

  test("a change of the name takes the focus back to Cancel", () => {
    const driver = asked().press("a", "tab", "b");
    expect(driver.text).toContain("[> Cancel <]");
    expect(driver.press("enter").acts).toEqual([]);
  });

  test("letters are text: q, n and h don't do what they do in other dialogs; Esc cancels", () => {
    const driver = asked().press("q");
    expect(driver.state.mode.kind).toBe("act");
    expect(driver.text).toContain("type a: q");
    expect(driver.press("escape").state.mode.kind).toBe("browse");
  });
});

const openKeys = openers.map(({ key }) => key);
const key = fc.constantFrom(
  ...openKeys,
  "tab",
  "enter",
  "left",
  "right",
  "down",
  "escape",
  "/",
  "?",
  "q",
  "h",
  " ",
  "a",
);
const anyTab = fc.constantFrom("1", "2", "3", "4", "5", "6", "7", "8");

/** Plays events on a tab with lone and merged keys, and looks at every act where it happens. */
function acted(
  events: readonly InputEvent[],
  options: Pick<Storm, "tab" | "lastHealthy">,
  look: (at: number, before: readonly string[]) => void,
): number {
  let seen = 0;
  storm(events, {
    ...options,
    afterEach: (driver, at) => {
      if (driver.acts.length === seen) return;
      seen = driver.acts.length;
      look(
        at,
        events.slice(0, at).map(([, names]) => names.join(" ")),
      );
    },
  });
  return seen;
}

function eventsOf(often: fc.Arbitrary<string>): fc.Arbitrary<InputEvent[]> {
  const event: fc.Arbitrary<InputEvent> = fc.tuple(
    fc.nat({ max: 900 }),
    fc.oneof({ weight: 4, arbitrary: fc.tuple(often) }, { weight: 1, arbitrary: fc.array(key, { maxLength: 3 }) }),
  );
  return fc.array(event, { minLength: 20, maxLength: 120 });
}

function harmless(events: readonly InputEvent[], tab: string, lastHealthy: boolean): void {
  expect(storm(events, { tab, lastHealthy }).acts).toEqual([]);
}

const choice = /^(tab|shift\+tab|left|right|h)$/;

describe("whatever keys come", () => {
  test("faster than a human, or several in one event, they never act", () => {
    const fast = fc.tuple(fc.nat({ max: quietBeforeConfirm - 1 }), fc.array(key, { minLength: 1, maxLength: 4 }));
    const pasted = fc.tuple(fc.nat({ max: 5000 }), fc.array(key, { minLength: 2, maxLength: 30 }));
    fc.assert(fc.property(fc.array(fast, { maxLength: 200 }), anyTab, fc.boolean(), harmless));
    fc.assert(fc.property(fc.array(pasted, { maxLength: 50 }), anyTab, fc.boolean(), harmless));
  });

  test("an act follows a lone key that opens, then a lone choice, then a lone Enter after a pause", () => {
    let count = 0;
    const often = fc.constantFrom(...openKeys, "tab", "tab", "enter", "enter", "escape", "down", "left");
    fc.assert(
      fc.property(eventsOf(often), anyTab, (events, tab) => {
        count += acted(events, { tab }, (at, before) => {
          expect(events[at]?.[1]).toEqual(["enter"]);
          expect(events[at]?.[0]).toBeGreaterThanOrEqual(quietBeforeConfirm);
          const chosen = before.findLastIndex((names) => choice.test(names));
          expect(before.slice(0, chosen).findLastIndex((names) => openKeys.includes(names))).toBeGreaterThanOrEqual(0);
        });
      }),
      { numRuns: 300, seed: 7 },
    );
    expect(count).toBeGreaterThan(0);
  });

  test("an act on the last healthy backend has its name before the choice", () => {
    let count = 0;
    const often = fc.constantFrom("d", "m", "O", "a", "a", "tab", "enter", "escape", "left");
    fc.assert(
      fc.property(eventsOf(often), fc.constantFrom("2", "4"), (events, tab) => {
        count += acted(events, { tab, lastHealthy: true }, (at, before) => {
          expect(events[at]?.[1]).toEqual(["enter"]);
          const chosen = before.findLastIndex((names) => choice.test(names));
          const typed = before.slice(0, chosen).findLastIndex((names) => names.split(" ").includes("a"));
          const opener = before.slice(0, typed + 1).findLastIndex((names) => openKeys.includes(names));
          expect(opener).toBeGreaterThanOrEqual(0);
        });
      }),
      { numRuns: 300, seed: 7 },
    );
    expect(count).toBeGreaterThan(0);
  });
});
