/**
 * A daemon to look at: `node test/fakes/console-daemon.ts SOCKET [CONNECTIONS [HZ]]` serves the real control channel over
 * made-up traffic that moves once a second, or HZ times, until it is stopped. Prints `ready`, then `kicked ID` for each kick and
 * `KIND BACKEND` for each act on a backend or its breaker. After SIGUSR2 it tells what no screen can be drawn of.
 */
import type { BackendAction } from "../../src/daemon/control/backend.ts";
import { startControlServer } from "../../src/daemon/control/server.ts";
import { systemClock } from "../../src/shared/clock.ts";
import type {
  Backend,
  Breaker,
  BreakerState,
  Connection,
  HistoryPoint,
  LimitedBy,
  Snapshot,
} from "../../src/shared/control/snapshot.ts";
import { FakeControlBackend } from "./control-backend.ts";
import { aBackend, aBreaker, aConnection, anEvent, aSession, aSnapshot, aStatus } from "./snapshot.ts";

const [socketPath = "/tmp/console-daemon.sock", many = "12", hz = "1"] = process.argv.slice(2);
const people = [
  "laptop-ann",
  "laptop-bob",
  "office-oslo",
  "office-lima",
  "ci-runner",
  "phone-eve",
  "kiosk",
  "vm-build",
];
const limited: LimitedBy[] = ["nothing", "nothing", "nothing", "bucket", "peer_window", "backend_rtt"];
const started = Date.now();

/** Smooth traffic that differs from row to row, bits a second. */
function wave(row: number, second: number, top: number): number {
  const slow = 1 + Math.sin(second / (7 + (row % 5)) + row);
  const fast = 1 + Math.sin(second * 1.7 + row * 3);
  return Math.round(top * (0.35 * slow + 0.1 * fast) * (1 / (1 + (row % 9))));
}

function connection(row: number, second: number): Connection {
  const who = people[row % people.length] ?? "nobody";
  return aConnection(`c${row + 1}`, {
    identity: row < people.length ? who : `${who}-${Math.floor(row / people.length)}`,
    session: `s${row + 1}`,
    remote: `192.0.2.${(row % 250) + 1}:${50_000 + row}`,
    inner: [`10.8.${Math.floor(row / 250)}.${(row % 250) + 2}`],
    state: row % 11 === 10 ? "draining" : "active",
    since_seconds: 40 + row * 397 + second,
    rx_bps: row % 7 === 6 ? 0 : wave(row, second, 18e6),
    tx_bps: row % 7 === 6 ? 0 : wave(row + 2, second, 180e6),
    rtt_ms: row % 13 === 12 ? null : 3 + (row % 17) * 4.3 + Math.sin(second + row),
    limited_by: limited[row % limited.length] ?? "nothing",
  });
}

function sum(rows: readonly Connection[], pick: (row: Connection) => number): number {
  return rows.reduce((total, row) => total + pick(row), 0);
}

const rows = Array.from({ length: Number(many) }, (_, row) => row);
let history: HistoryPoint[] = [];
let gone = new Set<string>();

function point(second: number): HistoryPoint {
  const table = rows.map((row) => connection(row, second));
  return {
    time_ms: started + second * 1000,
    rx_bps: sum(table, (row) => row.rx_bps),
    tx_bps: sum(table, (row) => row.tx_bps),
    connections: table.length,
    sessions: table.length,
    dropped: 0,
  };
}

const servers = ["eu-1", "eu-2", "be-1"];
/** What was done to each server and its breaker. */
const admin = new Map<string, Backend["admin"]>();
const forced = new Map<string, BreakerState>();

function breaker(name: string, second: number): Breaker {
  const left = 30_000 - ((second * 1_000) % 30_000);
  const open = name === "be-1" && left > 6_000;
  const half = name === "be-1" && left <= 6_000;
  const state = forced.get(name) ?? (open ? "open" : half ? "half-open" : "closed");
  return aBreaker(name, {
    state,
    calls: name === "be-1" ? 9 : 41,
    failure_rate: name === "be-1" ? 66.7 : 2.4,
    opened_seconds: state === "open" ? (30_000 - left) / 1_000 : null,
    retry_in_ms: state === "open" ? left - 6_000 : null,
    permits_left: state === "half-open" ? 3 : null,
    cause: forced.has(name) ? "operator" : state === "open" ? "failure_rate" : null,
    last_cause: name === "be-1" ? "failure_rate" : null,
  });
}

function backends(second: number, links: number): Backend[] {
  return servers.map((name, at) =>
    aBackend(name, {
      admin: admin.get(name) ?? "ready",
      operational: name === "be-1" ? "down" : "up",
      priority: name === "be-1" ? 1 : 0,
      weight: 100,
      effective_weight: name === "be-1" ? 0 : 88 + (wave(at, second, 10) % 12),
      connections: name === "eu-1" ? links : 0,
      current: name === "eu-1",
      rtt_ms: name === "be-1" ? null : 11 + at * 9 + Math.sin(second),
      failures: name === "be-1" ? 3 : 0,
      breaker: breaker(name, second).state,
      since_seconds: 400 + second,
      last_error: name === "be-1" ? "connect ECONNREFUSED 192.0.2.9:8443" : null,
    }),
  );
}

function note({ kind, backend = "" }: BackendAction): void {
  if (kind === "drain" || kind === "maint" || kind === "ready") admin.set(backend, kind);
  if (kind === "open_breaker") forced.set(backend, "forced-open");
  if (kind === "close_breaker") forced.set(backend, "disabled");
  if (kind === "reset_breaker") forced.set(backend, "closed");
  process.stdout.write(`${kind} ${backend}\n`);
}

function snapshot(second: number): Snapshot {
  const connections = rows.map((row) => connection(row, second)).filter((row) => !gone.has(row.id));
  history = [...history, point(second)].slice(-900);
  return aSnapshot({
    time_ms: started + second * 1000,
    status: aStatus({
      uptime_seconds: 93_784 + second,
      sessions: connections.length,
      connections: connections.length,
      rx_bytes: 4_123_456_789 + second * 12_000_000,
      tx_bytes: 91_987_654_321 + second * 91_000_000,
      certificate_expires_seconds: 13 * 86_400 + 4000,
      dropped: { source_not_bound: 1_204, no_route: 88 + second, backpressure: 12 },
      refused: { certificate_expired: 3, wrong_ca: 1 },
      alerts: [
        { code: "certificate_expiring", severity: "warning", message: "certificate edge-01 expires in 13 days" },
      ],
    }),
    connections,
    sessions: connections.map((row, at) =>
      aSession(row.session, { identity: row.identity, inner: row.inner, expires_seconds: at % 6 === 5 ? 300 : null }),
    ),
    backends: backends(second, connections.length),
    breakers: servers.map((name) => breaker(name, second)),
    events: [
      anEvent(1, { time_ms: started, code: "daemon_ready", message: "listening on 0.0.0.0:8443" }),
      anEvent(2, { time_ms: started + 1000, code: "session_opened", message: "laptop-ann opened s1 from 192.0.2.1" }),
      anEvent(3, {
        time_ms: started + 2000,
        severity: "warning",
        code: "handshake_refused",
        message: "certificate of printer-4 has expired, from 203.0.113.9",
      }),
      anEvent(4, { time_ms: started + 3000, code: "link_up", message: "link c2 of laptop-bob is up" }),
    ],
    history,
  });
}

const backend = new FakeControlBackend();
history = Array.from({ length: 300 }, (_, second) => point(second - 300)).filter(
  ({ time_ms }) => time_ms < started - 90_000 || time_ms > started - 70_000,
);
backend.state = snapshot(0);
let seen = 0;
let noted = 0;
const server = await startControlServer(
  { backend, clock: systemClock, credentials: () => ({ pid: 1, uid: 0, gid: 0 }) },
  { socketPath, group: "root", operators: [] },
);
systemClock.every(1000 / Number(hz), () => {
  for (const { target } of backend.kicked.slice(seen)) {
    gone = new Set([...gone, target]);
    process.stdout.write(`kicked ${target}\n`);
  }
  seen = backend.kicked.length;
  for (const action of backend.acts.slice(noted)) note(action);
  noted = backend.acts.length;
  backend.set(snapshot(Math.floor(((Date.now() - started) * Number(hz)) / 1000) / Number(hz)));
});
// A snapshot that no screen can be drawn of.
process.once("SIGUSR2", () => {
  const broken = snapshot(0);
  backend.snapshot = () => ({ ...broken, status: { ...broken.status, name: 7 as never } });
  backend.set(backend.snapshot());
});
process.once("SIGTERM", () => void server[Symbol.asyncDispose]().then(() => process.exit(0)));
process.stdout.write("ready\n");
