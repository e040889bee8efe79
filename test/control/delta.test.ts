import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { apply, diff } from "../../src/shared/control/delta.ts";
import type {
  Backend,
  Breaker,
  Connection,
  Service,
  Session,
  Snapshot,
  Status,
} from "../../src/shared/control/snapshot.ts";
import {
  aBackend,
  aBreaker,
  aConnection,
  anEvent,
  aPoint,
  aService,
  aSession,
  aSnapshot,
  aStatus,
} from "../fakes/snapshot.ts";

const number = fc.integer({ min: 0, max: 5 });
const id = fc.constantFrom("a", "b", "c", "d", "e");

const connection = (key: string): fc.Arbitrary<Connection> =>
  fc
    .record({
      rx_bytes: number,
      state: fc.constantFrom("active", "draining"),
      rtt_ms: fc.option(number),
      inner: fc.array(id),
    })
    .map((fields) => aConnection(key, fields as Partial<Connection>));
const session = (id: string): fc.Arbitrary<Session> =>
  fc.record({ links: number, expires_seconds: fc.option(number) }).map((fields) => aSession(id, fields));
const backend = (name: string): fc.Arbitrary<Backend> =>
  fc
    .record({ connections: number, admin: fc.constantFrom("ready", "drain"), rtt_ms: fc.option(number) })
    .map((fields) => aBackend(name, fields as Partial<Backend>));
const breaker = (name: string): fc.Arbitrary<Breaker> =>
  fc.record({ calls: number, opened_seconds: fc.option(number) }).map((fields) => aBreaker(name, fields));
const service = (name: string): fc.Arbitrary<Service> =>
  fc
    .record({ connections: number, max_connections: number, error: fc.option(id) })
    .map((fields) => aService(name, fields));
const rows = <Row>(row: (id: string) => fc.Arbitrary<Row>): fc.Arbitrary<Row[]> =>
  fc.uniqueArray(id).chain((ids) => fc.tuple(...ids.map(row)));
const status: fc.Arbitrary<Status> = fc
  .record({ rx_bytes: number, sessions: number, dropped: fc.dictionary(id, number), inner: fc.array(id) })
  .map((fields) => aStatus(fields));
const range = (max: number): fc.Arbitrary<number[]> =>
  fc.tuple(fc.nat(max), fc.nat(max)).map(([from, count]) => Array.from({ length: count }, (_, at) => from + at));

const snapshot: fc.Arbitrary<Snapshot> = fc
  .record({
    time_ms: fc.nat(),
    status,
    connections: rows(connection),
    sessions: rows(session),
    backends: rows(backend),
    breakers: rows(breaker),
    services: rows(service),
    events: range(8).map((seqs) => seqs.map((seq) => anEvent(seq))),
    history: range(8).map((seconds) => seconds.map((second) => aPoint(second))),
  })
  .map((fields) => aSnapshot(fields));

function step(before: Snapshot, after: Snapshot): Snapshot {
  const delta = diff(before, after);
  return delta === undefined ? { ...before, time_ms: after.time_ms } : apply(before, JSON.parse(JSON.stringify(delta)));
}

describe("delta", () => {
  it("leads from any snapshot to any other", () => {
    fc.assert(
      fc.property(snapshot, snapshot, (a, b) => {
        expect(step(a, b)).toEqual(b);
      }),
    );
  });

  it("skipping a snapshot ends where taking every one ends", () => {
    fc.assert(
      fc.property(snapshot, snapshot, snapshot, (a, b, c) => {
        expect(step(step(a, b), c)).toEqual(step(a, c));
      }),
    );
  });

  it("leaves its arguments as they are", () => {
    fc.assert(
      fc.property(snapshot, snapshot, (a, b) => {
        const copies = structuredClone([a, b]);
        step(a, b);
        expect([a, b]).toEqual(copies);
      }),
    );
  });

  it("is nothing when only the time differs", () => {
    expect(diff(aSnapshot(), aSnapshot({ time_ms: 5 }))).toBeUndefined();
  });

  it("names only what changed", () => {
    const before = aSnapshot();
    const after = aSnapshot({
      time_ms: 1,
      status: aStatus({ dropped: { source_not_bound: 4 } }),
      backends: [aBackend("eu-2", { connections: 0 }), aBackend("eu-1", { current: true, admin: "drain" })],
      breakers: [aBreaker("eu-2")],
      services: [aService("db", { failed: 1 })],
      connections: [aConnection("c2", { rtt_ms: 7, limited_by: "peer_window" }), aConnection("c3")],
      events: [anEvent(2), anEvent(3)],
      history: [aPoint(2), aPoint(3)],
    });
    expect(diff(before, after)).toEqual({
      time_ms: 1,
      status: { dropped: { source_not_bound: 4 } },
      connections: { added: [aConnection("c3")], changed: [{ id: "c2", rtt_ms: 7 }], removed: ["c1"] },
      backends: { changed: [{ name: "eu-1", admin: "drain" }], order: ["eu-2", "eu-1"] },
      breakers: { removed: ["eu-1"] },
      services: { changed: [{ name: "db", failed: 1 }] },
      events: { drop: 1, added: [anEvent(3)] },
      history: { drop: 1, added: [aPoint(3)] },
    });
  });
});
