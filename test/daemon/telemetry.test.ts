import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { PrometheusSettings } from "../../src/daemon/config/settings.ts";
import { createCounters } from "../../src/daemon/metrics/counters.ts";
import { createLinkSlots } from "../../src/daemon/metrics/link-slots.ts";
import { createLoopCells } from "../../src/daemon/metrics/loop-delay.ts";
import { EventLog } from "../../src/daemon/monitor/event-log.ts";
import { LinkBook } from "../../src/daemon/pool/link-book.ts";
import { Telemetry } from "../../src/daemon/telemetry.ts";
import { FakeClock } from "../fakes/clock.ts";
import { aSnapshot } from "../fakes/snapshot.ts";

let clock: FakeClock;
let events: EventLog;
let log: { written: number; lost: number; error: string | undefined; check(): void };
let snapshots: number;
let telemetry: Telemetry;

beforeEach(() => {
  clock = new FakeClock();
  events = new EventLog(clock, { server: "edge-01", boot_id: "b1" });
  log = { written: 0, lost: 0, error: "ENOSPC: no space left", check: () => undefined };
  snapshots = 0;
  telemetry = new Telemetry({
    clock,
    events,
    counters: [createCounters()],
    slots: createLinkSlots(10),
    links: new LinkBook(),
    samples: { eachMoved: () => undefined },
    dataLoops: [createLoopCells()],
    log,
    snapshot: () => {
      snapshots += 1;
      return aSnapshot();
    },
    state: () => "ready",
    sessionsRefused: () => new Map(),
  });
});

afterEach(() => telemetry.close());

/** A port that nobody has, and somebody who takes it. */
async function portHolder(): Promise<{ port: number; release(): Promise<void> }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { port, release: () => new Promise((resolve) => server.close(() => resolve())) };
}

const settings = (port: number): PrometheusSettings => ({
  enabled: true,
  address: "127.0.0.1",
  port,
  path: "/metrics",
  per_identity: 0,
});
const codes = (): string[] => events.since(0).map(({ code }) => code);
const tick = async (seconds: number): Promise<void> => {
  for (let second = 0; second < seconds; second++) {
    clock.advance(1000);
    telemetry.tick();
    await telemetry.settled();
  }
};

it("says once that its port is taken, tries every ten seconds, and serves when it is free", async () => {
  const holder = await portHolder();
  await telemetry.apply(settings(holder.port));
  expect(telemetry.alerts()).toMatchObject([{ code: "metrics_unavailable", severity: "warning" }]);
  await tick(25);
  expect(codes()).toEqual(["metrics_unavailable"]);
  await holder.release();
  await tick(10);
  expect(codes()).toEqual(["metrics_unavailable", "metrics_served"]);
  expect(telemetry.alerts()).toEqual([]);
  expect((await fetch(`http://127.0.0.1:${holder.port}/metrics`)).status).toBe(200);
});

it("moves with the settings, and is gone when they say so", async () => {
  const [first, second] = [await portHolder(), await portHolder()];
  await Promise.all([first.release(), second.release()]);
  await telemetry.apply(settings(first.port));
  await telemetry.apply(settings(second.port));
  expect((await fetch(`http://127.0.0.1:${second.port}/healthz`)).status).toBe(200);
  await expect(fetch(`http://127.0.0.1:${first.port}/healthz`)).rejects.toThrow();
  await telemetry.apply({ ...settings(second.port), enabled: false });
  await expect(fetch(`http://127.0.0.1:${second.port}/healthz`)).rejects.toThrow();
});

it("reads the daemon's state once for scrapes that come together", async () => {
  const holder = await portHolder();
  await holder.release();
  await telemetry.apply(settings(holder.port));
  const scrape = (): Promise<Response> => fetch(`http://127.0.0.1:${holder.port}/metrics`);
  await Promise.all(Array.from({ length: 50 }, scrape));
  expect(snapshots).toBe(1);
  clock.advance(300);
  await scrape();
  expect(snapshots).toBe(2);
});

it("tells that log lines are lost, once until a minute passed without", async () => {
  await tick(5);
  expect(codes()).toEqual([]);
  log.lost = 7;
  await tick(1);
  log.lost = 9;
  await tick(30);
  expect(codes()).toEqual(["log_lost"]);
  expect(telemetry.alerts()).toMatchObject([
    { code: "log_lost", message: expect.stringMatching(/^9 log lines.*ENOSPC/) },
  ]);
  await tick(62);
  expect(telemetry.alerts()).toEqual([]);
  log.lost = 10;
  await tick(1);
  expect(codes()).toEqual(["log_lost", "log_lost"]);
});
