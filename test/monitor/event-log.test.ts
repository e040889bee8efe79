import { expect, it } from "vitest";
import { EventLog } from "../../src/daemon/monitor/event-log.ts";
import { FakeClock } from "../fakes/clock.ts";

it("numbers events, gives those since a number, and keeps the newest thousand", () => {
  const clock = new FakeClock({ wall: 5000 });
  const log = new EventLog(clock, { server: "edge-01", boot_id: "b1" });
  log.add("info", "started", "first", { count: 1 });
  clock.advance(10);
  log.add("warning", "repin_failed", "second");
  expect(log.since(0)).toEqual([
    {
      server: "edge-01",
      boot_id: "b1",
      seq: 1,
      time_ms: 5000,
      severity: "info",
      code: "started",
      message: "first",
      facts: { count: 1 },
    },
    {
      server: "edge-01",
      boot_id: "b1",
      seq: 2,
      time_ms: 5010,
      severity: "warning",
      code: "repin_failed",
      message: "second",
      facts: {},
    },
  ]);
  expect(log.since(1).map(({ code }) => code)).toEqual(["repin_failed"]);
  for (let n = 0; n < 2500; n++) log.add("info", "reloaded", String(n));
  expect(log.since(0)).toHaveLength(1000);
  expect(log.since(0)[0]?.seq).toBe(1503);
  expect(log.newest(3).map(({ seq }) => seq)).toEqual([2500, 2501, 2502]);
  expect(log.since(2502)).toEqual([]);
});

it("tells listeners until they leave", () => {
  const log = new EventLog(new FakeClock(), { server: "edge-01", boot_id: "b1" });
  const heard: string[] = [];
  const off = log.onEvent(({ code }) => heard.push(code));
  log.add("info", "started", "");
  off();
  log.add("info", "reloaded", "");
  expect(heard).toEqual(["started"]);
});

it("lets a peer cause 30 events at once and one a second, and says how many were left out", () => {
  const clock = new FakeClock();
  const log = new EventLog(clock, { server: "edge-01", boot_id: "b1" });
  const flap = (identity: string): void => log.add("info", "link_down", "", { identity });
  for (let n = 0; n < 1000; n++) flap("ann");
  expect(log.since(0)).toHaveLength(30);
  flap("ben");
  expect(log.newest(1)[0]?.facts).toEqual({ identity: "ben" });
  clock.advance(1000);
  flap("ann");
  expect(log.newest(1)[0]?.facts).toEqual({ identity: "ann", suppressed: 970 });
  expect(log.suppressed).toBe(970);
  expect(log.counts.get("link_down")).toBe(1002);
});

it("limits all strangers together, whatever addresses they come from", () => {
  const clock = new FakeClock();
  const log = new EventLog(clock, { server: "edge-01", boot_id: "b1" });
  for (let n = 0; n < 5000; n++) {
    log.add("warning", "handshake_refused", "", { remote: `[2001:db8::${n.toString(16)}]:4000`, reason: "not_tls" });
  }
  expect(log.since(0)).toHaveLength(100);
  log.add("info", "link_up", "", { identity: "ann", remote: "[2001:db8::1]:4000" });
  expect(log.newest(1)[0]?.code).toBe("link_up");
});

it("knows a user by name, whichever process calls", () => {
  const log = new EventLog(new FakeClock(), { server: "edge-01", boot_id: "b1" });
  for (let pid = 0; pid < 100; pid++) {
    log.add("warning", "role_refused", "", { who: `eve (uid 1001, pid ${pid})`, action: "stop" });
  }
  expect(log.since(0)).toHaveLength(30);
});
