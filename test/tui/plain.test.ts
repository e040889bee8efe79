import * as fc from "fast-check";
import { expect, test } from "vitest";
import { changes, linkLine } from "../../src/tui/plain.ts";
import {
  aBackend,
  aBreaker,
  aBucket,
  aConnection,
  aService,
  anEvent,
  aPoint,
  aSession,
  aSnapshot,
  aStatus,
} from "../fakes/snapshot.ts";
import { snapshots } from "./arbitrary.ts";

const withoutTime = (lines: string[]): string[] => lines.map((line) => line.slice("00:00:00 ".length));
const backends = [aBackend("eu-1", { current: true }), aBackend("eu-2")];
const breakers = [aBreaker("eu-1")];
const base = aSnapshot({
  backends,
  breakers,
  connections: [aConnection("c1")],
  sessions: [aSession("s1")],
  events: [anEvent(1)],
});

test("the first snapshot is told whole", () => {
  const lines = withoutTime(changes(undefined, base));
  expect(lines).toHaveLength(8);
  expect(lines[0]).toBe("daemon edge-01 server ready, up 1d02h, certificate 90 days, rx 1.0 Mb/s, tx 2.0 Mb/s");
  expect(lines[1]).toBe("session s1 laptop-s1 10.8.0.14 fd00:8::e, 1 links");
  expect(lines[2]).toBe("connection c1 laptop-c1 192.0.2.7:50211 active");
  expect(lines.slice(3, 6)).toEqual([
    "backend eu-1 eu-1.example.net:8443 ready up, in use",
    "backend eu-2 eu-2.example.net:8443 ready up",
    "breaker eu-1 closed",
  ]);
  expect(lines[6]).toBe("service db 10.8.0.1:5432 up, 3 of 3 endpoints up");
  expect(lines[7]).toMatch(/^event \d\d:\d\d:\d\d info link_up: link 1 is up$/);
});

test("then one line per change, and none for traffic and time", () => {
  const quiet = aSnapshot({
    ...base,
    status: aStatus({ uptime_seconds: 1e6, rx_bytes: 1e12 }),
    connections: [aConnection("c1", { rx_bps: 5, since_seconds: 9e3, rtt_ms: 1 })],
    history: [aPoint(9)],
  });
  expect(changes(base, quiet)).toEqual([]);
  const later = aSnapshot({
    ...base,
    status: aStatus({ alerts: [{ code: "cert", severity: "warning", message: "expires" }] }),
    connections: [aConnection("c2", { limited_by: "bucket" })],
    events: [anEvent(1), anEvent(2, { severity: "critical", message: "broken" })],
  });
  expect(withoutTime(changes(base, later)).map((line) => line.replace(/\d\d:\d\d:\d\d/, "T"))).toEqual([
    "alert warning cert: expires",
    "connection c2 laptop-c2 192.0.2.7:50211 active, limited by bucket",
    "connection c1 gone",
    "event T critical link_up: broken",
  ]);
  expect(withoutTime(changes(later, { ...later, status: aStatus() }))).toEqual(["alert cleared cert"]);
});

test("backends and breakers: states, server in use and pins, not load and countdowns", () => {
  const busier = aSnapshot({
    ...base,
    backends: backends.map((row) => ({ ...row, connections: 9, rtt_ms: 1, effective_weight: 3 })),
    breakers: [aBreaker("eu-1", { calls: 99, failure_rate: 7 })],
  });
  expect(changes(base, busier)).toEqual([]);
  const moved = aSnapshot({
    ...base,
    backends: [aBackend("eu-1", { admin: "drain" }), aBackend("eu-2", { current: true, weight_pinned: true })],
    breakers: [aBreaker("eu-1", { state: "forced-open", cause: "operator" })],
  });
  expect(withoutTime(changes(base, moved))).toEqual([
    "backend eu-1 eu-1.example.net:8443 drain up",
    "backend eu-2 eu-2.example.net:8443 ready up, in use, weight 100 pinned",
    "breaker eu-1 forced-open: operator",
  ]);
});

test("buckets and services: what is granted and who can be reached, not how much is used", () => {
  const before = aSnapshot({
    ...base,
    buckets: [aBucket("global/up"), aBucket("session/s1/up", { rate: null })],
    services: [aService("web")],
  });
  const none = aSnapshot({ ...base, buckets: [], services: [] });
  expect(withoutTime(changes(none, before))).toEqual([
    "bucket global/up 20mbit",
    "bucket session/s1/up unlimited",
    "service web 10.8.0.1:5432 up, 3 of 3 endpoints up",
  ]);
  const busier = aSnapshot({
    ...before,
    buckets: before.buckets.map((row) => ({ ...row, utilisation: 99, tokens: 1, waiting_ms: 3, dropped: 7 })),
    services: [aService("web", { connections: 9, accepted: 100, rx_bps: 5 })],
  });
  expect(changes(before, busier)).toEqual([]);
  const changed = aSnapshot({
    ...before,
    buckets: [aBucket("global/up", { rate: 6_250_000, pinned: true })],
    services: [aService("web", { state: "failed", endpoints_up: 1, error: "port 80 is taken" })],
  });
  expect(withoutTime(changes(before, changed))).toEqual([
    "bucket global/up 50mbit, set by an operator",
    "bucket session/s1/up gone",
    "service web 10.8.0.1:5432 failed, 1 of 3 endpoints up: port 80 is taken",
  ]);
});

test("a daemon that was started again tells its events from the first", () => {
  const again = aSnapshot({ ...base, status: aStatus({ pid: 77 }) });
  expect(withoutTime(changes(base, again)).map((line) => line.split(" ")[0])).toEqual(["daemon", "event"]);
});

test("whatever names peers have, a line stays a line", () => {
  fc.assert(
    fc.property(snapshots, (snapshot) => {
      for (const line of changes(undefined, snapshot)) expect(line).toMatch(/^[\x20-\x7e\u00a1-\u017f]{1,400}$/);
    }),
    { numRuns: 60 },
  );
});

test("losing and finding the daemon is told", () => {
  expect(linkLine({ kind: "down", problem: "gone\n" }, 0)).toMatch(/ no daemon: gone\?$/);
  expect(linkLine({ kind: "up", role: "viewer" }, 0)).toMatch(/ connected as viewer$/);
});
