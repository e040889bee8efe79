import * as fc from "fast-check";
import { expect, test } from "vitest";
import { History, type Recorded } from "../../src/daemon/monitor/history.ts";
import { aBackend, aConnection, aMoment, aStatus, startOfTime } from "../fakes/snapshot.ts";

function second(at: number, fields: Partial<Recorded> = {}): Recorded {
  const { omitted: _, ...moment } = aMoment({ time_ms: startOfTime + at * 1000 });
  return { ...moment, ...fields };
}

test("a second comes back as it was, numbers as precise as a screen shows them", () => {
  const history = new History();
  const backends = [aBackend("eu-1", { admin: "drain" })];
  const connections = [aConnection("c1", { rx_bps: 1_234_567, limited_by: "bucket", state: "draining", rtt_ms: null })];
  history.record(second(0, { backends, connections, status: aStatus({ state: "degraded" }) }), 0);
  history.record(second(1), 0);
  const moment = history.at(startOfTime);
  expect(moment).toMatchObject({ time_ms: startOfTime, omitted: 0, backends, status: { state: "degraded" } });
  expect(moment?.connections).toEqual(connections);
  expect(history.at(startOfTime + 940)?.time_ms).toBe(startOfTime);
});

test("a gap is a gap: what nobody measured is nothing", () => {
  const history = new History();
  expect(history.at(startOfTime)).toBeUndefined();
  history.record(second(0), 0);
  history.record(second(60), 0);
  expect(history.at(startOfTime + 30_000)).toBeUndefined();
  expect(history.at(startOfTime - 5_000)).toBeUndefined();
  expect(history.at(startOfTime + 61_000)?.time_ms).toBe(startOfTime + 60_000);
  expect(history.at(startOfTime + 90_000)).toBeUndefined();
});

test("keeps 15 minutes of the 512 busiest connections within its bytes", () => {
  const history = new History();
  const many = Array.from({ length: 1000 }, (_, at) => aConnection(`c${at}`, { rx_bps: at, tx_bps: 0 }));
  for (let at = 0; at < 1000; at += 1) history.record(second(at, { connections: many }), 0);
  expect(history.oldest).toBe(startOfTime + 100_000);
  expect(history.newest).toBe(startOfTime + 999_000);
  expect(history.bytes).toBeLessThanOrEqual(16 * 1024 * 1024);
  const moment = history.at(startOfTime + 500_000);
  expect(moment?.connections.map(({ id }) => id)).toEqual(many.slice(488).map(({ id }) => id));
  expect(moment?.omitted).toBe(488);
  history.record(second(1000, { connections: many }), 9_000);
  expect(history.at(startOfTime + 1_000_000)?.omitted).toBe(9_488);
});

test("bytes stay bounded whatever peers call themselves and however fast they come and go", () => {
  const history = new History();
  for (let at = 0; at < 900; at += 1) {
    const connections = Array.from({ length: 40 }, (_, n) => aConnection(`c${at}-${n}`, { identity: "x".repeat(200) }));
    history.record(second(at, { connections }), 0);
  }
  expect(history.bytes).toBeLessThan(16 * 1024 * 1024);
  // The directory of names is bounded: seconds beyond it lack the newcomers, and say so by having fewer.
  expect(history.at(startOfTime)?.connections).toHaveLength(40);
});

test("a connection whose backend or address changes is shown as it was at each second", () => {
  const places = fc.array(fc.constantFrom("eu-1", "eu-2", "eu-3"), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(places, (backends) => {
      const history = new History();
      for (const [at, backend] of backends.entries()) {
        history.record(second(at, { connections: [aConnection("c1", { backend })] }), 0);
      }
      const shown = backends.map((_, at) => history.at(startOfTime + at * 1000)?.connections[0]?.backend);
      expect(shown).toEqual(backends);
    }),
  );
});
