import { expect, test } from "vitest";
import { createCounters } from "../../src/daemon/metrics/counters.ts";
import { EventLog } from "../../src/daemon/monitor/event-log.ts";
import { type SnapshotParts, Snapshots } from "../../src/daemon/snapshots.ts";
import { FakeClock } from "../fakes/clock.ts";
import { aBucket, aConnection, aSession, aStatus } from "../fakes/snapshot.ts";

/** So many rows, of which a caller that wants fewer gets fewer. */
function rows<Row>(count: number, row: (at: number) => Row): (most?: number) => Row[] {
  return (most = count) => Array.from({ length: Math.min(count, most) }, (_, at) => row(at));
}

test("a second that is kept has some rows of long tables, and says how many it has not", () => {
  const clock = new FakeClock();
  const nothing = { alerts: () => [] };
  const links = rows(600, (at) => aConnection(`c${at}`));
  const asked: (number | undefined)[] = [];
  const snapshots = new Snapshots({
    clock,
    version: "1",
    bootId: "b",
    startedAt: 0,
    interfaceName: "sss0",
    counters: [createCounters()],
    refused: new Map(),
    log: { level: "info", lost: 0 },
    events: new EventLog(clock, { server: "edge-01", boot_id: "b" }),
    links: { size: 600 },
    certificates: { ...nothing, expiresSeconds: () => null },
    reloader: { ...nothing, settings: { core: {}, network: {} }, last: null },
    role: {
      ...nothing,
      inner: [],
      sessionCount: 200,
      sessions: rows(200, (at) => aSession(`s${at}`)),
      backends: () => [],
      breakers: () => [],
      services: () => [],
      serviceConnections: rows(5, (at) => aConnection(`p${at}`, { kind: "service" })),
      arrivals: () => ({ count: 0, rows: [] }),
    },
    rateLimits: { count: 300, rows: rows(300, (at) => aBucket(`session/${at}/up`)) },
    monitor: {
      history: [],
      links: {
        connections: (most?: number) => {
          asked.push(most);
          return links(most);
        },
      },
    },
    telemetry: { ...nothing, top: {}, resources: () => aStatus().resources },
    channel: nothing,
    state: () => "ready",
  } as unknown as SnapshotParts);
  snapshots.record();
  const moment = snapshots.moment(clock.wall());
  expect(asked).toEqual([512]);
  expect(moment?.sessions).toHaveLength(128);
  expect(moment?.buckets).toHaveLength(128);
  // Five of services find no room beside 512 links.
  expect(moment?.omitted).toBe(600 + 5 - 512 + (200 - 128) + (300 - 128));
  expect(snapshots.now().connections).toHaveLength(605);
  expect(snapshots.now().sessions).toHaveLength(200);
});
