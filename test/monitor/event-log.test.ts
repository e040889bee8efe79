import { expect, it } from "vitest";
import { EventLog } from "../../src/daemon/monitor/event-log.ts";
import { FakeClock } from "../fakes/clock.ts";

it("numbers events, gives those since a number, and keeps the newest thousand", () => {
  const clock = new FakeClock({ wall: 5000 });
  const log = new EventLog(clock);
  log.add("info", "one", "first", { n: 1 });
  clock.advance(10);
  log.add("warning", "two", "second");
  expect(log.since(0)).toEqual([
    { seq: 1, time_ms: 5000, severity: "info", code: "one", message: "first", facts: { n: 1 } },
    { seq: 2, time_ms: 5010, severity: "warning", code: "two", message: "second", facts: {} },
  ]);
  expect(log.since(1).map(({ code }) => code)).toEqual(["two"]);
  for (let n = 0; n < 2500; n++) log.add("info", "more", String(n));
  expect(log.since(0)).toHaveLength(1000);
  expect(log.since(0)[0]?.seq).toBe(1503);
  expect(log.newest(3).map(({ seq }) => seq)).toEqual([2500, 2501, 2502]);
  expect(log.since(2502)).toEqual([]);
});

it("tells listeners until they leave", () => {
  const log = new EventLog(new FakeClock());
  const heard: string[] = [];
  const off = log.onEvent(({ code }) => heard.push(code));
  log.add("info", "a", "");
  off();
  log.add("info", "b", "");
  expect(heard).toEqual(["a"]);
});
