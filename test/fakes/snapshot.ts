import type {
  Backend,
  Breaker,
  Bucket,
  Connection,
  ControlState,
  DaemonEvent,
  HistoryPoint,
  Moment,
  Service,
  Session,
  Snapshot,
  Status,
  TopTalkers,
} from "../../src/shared/control/snapshot.ts";

/** Builders of believable snapshots; every argument overrides fields. */

export const aTop: TopTalkers = {
  window_seconds: 60,
  identities: [{ name: "laptop-ann", rx_bytes: 3_000_000, tx_bytes: 1_000_000, rx_bps: 400_000, tx_bps: 100_000 }],
  destinations: [{ name: "10.20.0.5", rx_bytes: 1_000, tx_bytes: 2_000, rx_bps: 0, tx_bps: 0 }],
};

export const startOfTime = 1_800_000_000_000;

export function aStatus(fields: Partial<Status> = {}): Status {
  return {
    name: "edge-01",
    mode: "server",
    version: "0.1.0",
    state: "ready",
    uptime_seconds: 93_784,
    pid: 4242,
    boot_id: "boot-1",
    interface: "tun0",
    mtu: 1500,
    inner: ["10.8.0.1/16", "fd00:8::1/48"],
    sessions: 2,
    connections: 2,
    arriving: 0,
    rx_bytes: 123_456_789,
    tx_bytes: 987_654_321,
    rx_packets: 100_000,
    tx_packets: 200_000,
    frames_accepted: 200_000,
    frames_injected: 100_000,
    compressible_bytes: 0,
    compressed_bytes: 0,
    dropped: { source_not_bound: 3 },
    refused: {},
    certificate_expires_seconds: 90 * 86_400,
    ca_expires_seconds: 3000 * 86_400,
    crl_expires_seconds: 300 * 86_400,
    last_reload: null,
    resources: {
      open_descriptors: 40,
      most_descriptors: 65_536,
      resident_bytes: 90_000_000,
      buffer_bytes: 2_097_152,
      buffer_used_bytes: 524_288,
      most_memory_bytes: null,
      loop_delay_ms: { main: 2, "data-1": 3 },
      loop_load: { main: 0.5, "data-1": 12.5 },
    },
    log_level: "info",
    log_lines_lost: 0,
    alerts: [],
    ...fields,
  };
}

export function aControl(fields: Partial<ControlState> = {}): ControlState {
  return { revision: 0, attached: [], unconfirmed: [], ...fields };
}

export function aConnection(id: string, fields: Partial<Connection> = {}): Connection {
  return {
    id,
    kind: "link",
    identity: `laptop-${id}`,
    session: `s-${id}`,
    backend: "edge-01",
    remote: "192.0.2.7:50211",
    inner: ["10.8.0.14", "fd00:8::e"],
    state: "active",
    since_seconds: 3_600,
    rx_bytes: 1_000_000,
    tx_bytes: 20_000_000,
    rx_bps: 1_200_000,
    tx_bps: 34_000_000,
    rtt_ms: 12.5,
    limited_by: "nothing",
    ...fields,
  };
}

export function aSession(id: string, fields: Partial<Session> = {}): Session {
  return {
    id,
    identity: `laptop-${id}`,
    inner: ["10.8.0.14", "fd00:8::e"],
    epoch: 1,
    links: 1,
    mtu: 1400,
    since_seconds: 3_600,
    expires_seconds: null,
    ...fields,
  };
}

export function aBackend(name: string, fields: Partial<Backend> = {}): Backend {
  return {
    name,
    address: `${name}.example.net:8443`,
    admin: "ready",
    operational: "up",
    priority: 0,
    weight: 100,
    effective_weight: 92,
    weight_pinned: false,
    connections: 2,
    rtt_ms: 12.5,
    failures: 0,
    breaker: "closed",
    service: null,
    current: false,
    since_seconds: 3_600,
    last_error: null,
    ...fields,
  };
}

export function aBreaker(name: string, fields: Partial<Breaker> = {}): Breaker {
  return {
    name,
    state: "closed",
    failure_rate: 0,
    slow_rate: 0,
    calls: 12,
    opened_seconds: null,
    retry_in_ms: null,
    permits_left: null,
    cause: null,
    last_cause: null,
    ...fields,
  };
}

export function aService(name: string, fields: Partial<Service> = {}): Service {
  return {
    name,
    listen: "10.8.0.1:5432",
    state: "up",
    error: null,
    strategy: "least_connections",
    endpoints_up: 3,
    endpoints_total: 3,
    connections: 12,
    max_connections: 500,
    waiting: 0,
    warm: 0,
    accepted: 40,
    refused: 0,
    retried: 1,
    failed: 0,
    rx_bytes: 1_000,
    tx_bytes: 2_000,
    rx_bps: 8_000,
    tx_bps: 16_000,
    ...fields,
  };
}

export function aBucket(name: string, fields: Partial<Bucket> = {}): Bucket {
  const [scope = ""] = name.split("/");
  return {
    name,
    scope: scope === "session" ? "connection" : (scope as Bucket["scope"]),
    direction: name.endsWith("/up") ? "up" : "down",
    rate: 2_500_000,
    burst: 250_000,
    unit: "bytes",
    tokens: 120_000,
    utilisation: 40,
    waiting_ms: 0,
    dropped: 0,
    pinned: false,
    expires_seconds: null,
    ...fields,
  };
}

export function anEvent(seq: number, fields: Partial<DaemonEvent> = {}): DaemonEvent {
  return {
    server: "edge-01",
    boot_id: "boot-1",
    seq,
    time_ms: startOfTime + seq * 1_000,
    severity: "info",
    code: "link_up",
    message: `link ${seq} is up`,
    facts: { connection: `c${seq}` },
    ...fields,
  };
}

export function aPoint(second: number, fields: Partial<HistoryPoint> = {}): HistoryPoint {
  return {
    time_ms: startOfTime + second * 1_000,
    rx_bps: 1_000_000 + second,
    tx_bps: 2_000_000 + second,
    connections: 2,
    sessions: 2,
    dropped: 0,
    ...fields,
  };
}

export function aSnapshot(fields: Partial<Snapshot> = {}): Snapshot {
  return {
    v: 1,
    time_ms: startOfTime,
    status: aStatus(),
    control: aControl(),
    connections: [aConnection("c1"), aConnection("c2", { rtt_ms: null, limited_by: "peer_window" })],
    sessions: [aSession("s-c1"), aSession("s-c2")],
    backends: [aBackend("eu-1", { current: true }), aBackend("eu-2", { connections: 0 })],
    breakers: [aBreaker("eu-1"), aBreaker("eu-2")],
    services: [aService("db")],
    buckets: [],
    events: [anEvent(1), anEvent(2)],
    history: [aPoint(1), aPoint(2)],
    top: aTop,
    ...fields,
  };
}

/** A second of the history; without fields it is what `aSnapshot` is. */
export function aMoment(fields: Partial<Moment> = {}): Moment {
  const { v: _v, control: _control, events: _events, history: _history, ...tables } = aSnapshot();
  return { ...tables, omitted: 0, ...fields };
}
