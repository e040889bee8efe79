import { expect, test } from "vitest";
import { breakerStrip } from "../../src/tui/model/breaker-strip.ts";
import { aBackend, aBreaker, aConnection, anEvent, aSession, aSnapshot, startOfTime } from "../fakes/snapshot.ts";
import { Driver } from "./driver.ts";

const minute = 60_000;
const now = startOfTime + 10 * minute;

function change(at: number, from: string, to: string, seq = at): ReturnType<typeof anEvent> {
  const facts = { backend: "eu-1", from, to };
  return anEvent(seq, { time_ms: now - at * minute, code: "breaker_changed", facts, message: `eu-1: ${to}` });
}

const snapshot = aSnapshot({
  time_ms: now,
  connections: [
    aConnection("c1", { identity: "laptop-ann", backend: "eu-1", session: "s1", limited_by: "peer_window" }),
  ],
  sessions: [aSession("s1", { identity: "laptop-ann", inner: ["10.8.0.14"] })],
  backends: [aBackend("eu-1", { last_error: "refused" })],
  breakers: [aBreaker("eu-1", { state: "closed", last_cause: "failure_rate" })],
  events: [change(4, "closed", "open", 1), change(2, "open", "half-open", 2), change(1, "half-open", "closed", 3)],
});

test("a connection's details go from the client to the breaker", () => {
  const driver = new Driver({ columns: 100, rows: 60 }).snapshot(snapshot).press("down", "enter");
  const order = [
    "│ client laptop-ann",
    "10.8.0.14",
    "│ connection c1",
    "limited by",
    "│ backend eu-1",
    "│ breaker eu-1",
  ];
  const at = order.map((words) => driver.text.indexOf(words));
  expect(at).toEqual(at.toSorted((a, b) => a - b));
  expect(Math.min(...at)).toBeGreaterThan(0);
  expect(driver.text).toContain("last opened by  failure_rate");
  expect(driver.text).toContain("breaker_changed: eu-1: half-open");
  expect(driver.press("escape").state.mode.kind).toBe("browse");
});

test("details follow the row: a connection that goes is gone", () => {
  const driver = new Driver().snapshot(snapshot).press("down", "enter");
  expect(driver.snapshot({ ...snapshot, connections: [] }).text).toContain("this connection is gone");
});

test("small screens scroll", () => {
  const driver = new Driver({ columns: 80, rows: 24 }).snapshot(snapshot).press("down", "enter");
  expect(driver.text).toMatch(/\d+ more ▾/);
  expect(driver.text).not.toContain("breaker eu-1");
  expect(driver.press(..."j".repeat(40).split("")).text).toContain("breaker_changed");
});

test("a breaker's last five minutes are made of events, also of the time before this console", () => {
  expect(breakerStrip(snapshot, "eu-1", 5)).toEqual(["open", "open", "open", "half-open", "closed"]);
  const quiet = { ...snapshot, events: [] };
  expect(breakerStrip(quiet, "eu-1", 3)).toEqual(["closed", "closed", "closed"]);
  expect(breakerStrip(quiet, "none", 2)).toEqual([null, null]);
});

test("what the events no longer reach is unknown, not closed", () => {
  const events = Array.from({ length: 200 }, (_, at) => anEvent(at + 10, { time_ms: now - minute + at }));
  expect(breakerStrip({ ...snapshot, events }, "eu-1", 5).slice(0, 3)).toEqual([null, null, null]);
});
