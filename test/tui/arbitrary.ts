import * as fc from "fast-check";
import type {
  Backend,
  Breaker,
  BreakerState,
  Bucket,
  Connection,
  DaemonEvent,
  Service,
  Session,
  Snapshot,
  Talker,
} from "../../src/shared/control/snapshot.ts";
import {
  aBackend,
  aBreaker,
  aBucket,
  aConnection,
  anEvent,
  aPoint,
  aService,
  aSession,
  aSnapshot,
  aStatus,
  startOfTime,
} from "../fakes/snapshot.ts";

/** Names as an attacker would choose them: control, bidirectional, combining, wide and surrogate characters. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "binary", maxLength: 300 }),
  fc.string({ unit: "grapheme", maxLength: 60 }),
  fc.constantFrom(
    "\u001b[2J\u001b[H",
    "\u001b]0;title\u0007",
    "a\nb\r\tc",
    "\u202eevil\u2066",
    "z\u0335\u0336\u0301",
    "\u5bbd\u5b57\u7b26",
    "\u{1f600}\u{1f468}\u200d\u{1f469}",
    "\ud800",
    "\u009b31m",
    "",
    "x".repeat(500),
  ),
);

const bps = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e15, noNaN: true }));
const seconds = fc.integer({ min: 0, max: 1e9 });
const breakerState = fc.constantFrom<BreakerState>("closed", "open", "half-open", "forced-open", "disabled", "observe");

function connections(): fc.Arbitrary<Connection[]> {
  return fc
    .uniqueArray(
      fc.record({
        id: hostileText,
        identity: hostileText,
        remote: hostileText,
        backend: hostileText,
        inner: fc.array(hostileText, { maxLength: 3 }),
        state: fc.constantFrom(
          "connecting",
          "accepting",
          "authenticating",
          "configuring",
          "active",
          "draining",
          "closed",
        ),
        since_seconds: seconds,
        rx_bps: bps,
        tx_bps: bps,
        rtt_ms: fc.option(fc.double({ min: 0, max: 1e7, noNaN: true }), { nil: null }),
        limited_by: fc.constantFrom("nothing", "bucket", "backend_rtt", "peer_window", "breaker"),
      }),
      { selector: (row) => row.id, maxLength: 60 },
    )
    .map((rows) => rows.map((row) => aConnection(row.id, row)));
}

function sessions(): fc.Arbitrary<Session[]> {
  const row = fc.record({
    id: hostileText,
    identity: hostileText,
    inner: fc.array(hostileText, { maxLength: 3 }),
    links: fc.nat(),
    expires_seconds: fc.option(seconds, { nil: null }),
  });
  return fc
    .uniqueArray(row, { selector: (session) => session.id, maxLength: 30 })
    .map((rows) => rows.map((session) => aSession(session.id, session)));
}

function backends(): fc.Arbitrary<Backend[]> {
  const row = fc.record({
    name: hostileText,
    address: hostileText,
    admin: fc.constantFrom("ready", "drain", "maint"),
    operational: fc.constantFrom("up", "down", "starting", "stopping"),
    weight: fc.nat({ max: 256 }),
    effective_weight: fc.double({ min: 0, max: 256, noNaN: true }),
    weight_pinned: fc.boolean(),
    connections: fc.nat(),
    rtt_ms: fc.option(fc.double({ min: 0, max: 1e7, noNaN: true }), { nil: null }),
    failures: fc.nat(),
    breaker: breakerState,
    current: fc.boolean(),
    since_seconds: seconds,
    last_error: fc.option(hostileText, { nil: null }),
  });
  return fc
    .uniqueArray(row, { selector: (backend) => backend.name, maxLength: 20 })
    .map((rows) => rows.map((backend) => aBackend(backend.name, backend)));
}

function breakers(): fc.Arbitrary<Breaker[]> {
  const row = fc.record({
    name: hostileText,
    state: breakerState,
    failure_rate: fc.double({ min: 0, max: 100, noNaN: true }),
    calls: fc.nat(),
    opened_seconds: fc.option(seconds, { nil: null }),
    retry_in_ms: fc.option(fc.double({ min: 0, max: 1e9, noNaN: true }), { nil: null }),
    permits_left: fc.option(fc.nat({ max: 3 }), { nil: null }),
    cause: fc.option(hostileText, { nil: null }),
    last_cause: fc.option(hostileText, { nil: null }),
  });
  return fc
    .uniqueArray(row, { selector: (breaker) => breaker.name, maxLength: 20 })
    .map((rows) => rows.map((breaker) => aBreaker(breaker.name, breaker)));
}

function services(): fc.Arbitrary<Service[]> {
  const row = fc.record({
    name: hostileText,
    listen: hostileText,
    state: fc.constantFrom("starting", "up", "down", "failed"),
    error: fc.option(hostileText, { nil: null }),
    strategy: hostileText,
    endpoints_up: fc.nat(),
    connections: fc.nat(),
    max_connections: fc.nat(),
    waiting: fc.nat(),
    rx_bps: bps,
  });
  return fc
    .uniqueArray(row, { selector: (service) => service.name, maxLength: 20 })
    .map((rows) => rows.map((service) => aService(service.name, service)));
}

function buckets(): fc.Arbitrary<Bucket[]> {
  const row = fc.record({
    name: hostileText,
    rate: fc.option(fc.integer({ min: 1, max: 1e12 }), { nil: null }),
    burst: fc.option(fc.integer({ min: 1, max: 1e12 }), { nil: null }),
    unit: fc.constantFrom("bytes", "packets"),
    tokens: fc.option(fc.double({ min: -1e9, max: 1e12, noNaN: true }), { nil: null }),
    utilisation: fc.option(fc.double({ min: 0, max: 1e5, noNaN: true }), { nil: null }),
    waiting_ms: fc.double({ min: 0, max: 1e6, noNaN: true }),
    dropped: fc.nat(),
    pinned: fc.boolean(),
    expires_seconds: fc.option(seconds, { nil: null }),
  });
  return fc
    .uniqueArray(row, { selector: (bucket) => bucket.name, maxLength: 20 })
    .map((rows) => rows.map((bucket) => aBucket(bucket.name, bucket)));
}

function talkers(): fc.Arbitrary<Talker[]> {
  const row = fc.record({ name: hostileText, rx_bytes: fc.nat(), tx_bytes: fc.nat(), rx_bps: bps, tx_bps: bps });
  return fc.uniqueArray(row, { selector: (talker) => talker.name, maxLength: 10 });
}

function events(): fc.Arbitrary<DaemonEvent[]> {
  const row = fc.record({
    code: hostileText,
    message: hostileText,
    severity: fc.constantFrom("info", "warning", "critical"),
    facts: fc.dictionary(hostileText, hostileText, { maxKeys: 3 }),
  });
  return fc.array(row, { maxLength: 40 }).map((rows) => rows.map((fields, at) => anEvent(at + 1, fields)));
}

/** Any snapshot that a daemon, or somebody in its place, could send. */
export const snapshots: fc.Arbitrary<Snapshot> = fc
  .record({
    name: hostileText,
    state: fc.constantFrom("starting", "ready", "degraded", "draining", "stopping"),
    mode: fc.constantFrom("server", "client"),
    certificate: fc.integer({ min: -1e6, max: 1e9 }),
    uptime: seconds,
    reasons: fc.dictionary(hostileText, fc.nat(), { maxKeys: 8 }),
    alerts: fc.array(
      fc.record({ code: hostileText, severity: fc.constantFrom("warning", "critical"), message: hostileText }),
      { maxLength: 6 },
    ),
    connections: connections(),
    sessions: sessions(),
    backends: backends(),
    breakers: breakers(),
    services: services(),
    buckets: buckets(),
    identities: talkers(),
    destinations: talkers(),
    unconfirmed: fc.array(fc.record({ who: hostileText, what: hostileText }), { maxLength: 3 }),
    events: events(),
    history: fc.array(fc.tuple(fc.integer({ min: 0, max: 900 }), bps, bps), { maxLength: 100 }),
    later: fc.nat({ max: 100 }),
  })
  .map((given) =>
    aSnapshot({
      time_ms: startOfTime + given.later * 1000,
      status: aStatus({
        name: given.name,
        state: given.state,
        mode: given.mode,
        certificate_expires_seconds: given.certificate,
        uptime_seconds: given.uptime,
        dropped: given.reasons,
        refused: given.reasons,
        alerts: given.alerts,
      }),
      connections: given.connections,
      sessions: given.sessions,
      backends: given.backends,
      breakers: given.breakers,
      services: given.services,
      buckets: given.buckets,
      top: { ...aSnapshot().top, identities: given.identities, destinations: given.destinations },
      control: {
        revision: 7,
        attached: given.unconfirmed.map(({ who, what }, id) => ({
          id,
          who,
          client: what,
          role: "viewer",
          since_ms: startOfTime,
          last: id === 0 ? null : what,
        })),
        unconfirmed: given.unconfirmed.map((one) => ({ ...one, revision: 7, reverts_at_ms: startOfTime + 60_000 })),
      },
      events: given.events,
      history: given.history
        .toSorted((a, b) => a[0] - b[0])
        .map(([at, rx_bps, tx_bps]) => aPoint(at, { rx_bps, tx_bps })),
    }),
  );
