/** The console for pipes and screen readers: one line per change. */
import type { Backend, Breaker, Bucket, Connection, Service, Session, Snapshot } from "../shared/control/snapshot.ts";
import { rateLong, span, timeOfDay } from "./draw/format.ts";
import { drawable } from "./draw/text.ts";
import type { Link } from "./model/state.ts";
import { rateWords } from "./tables/buckets.ts";

function connectionFacts(connection: Connection): string {
  const limited = connection.limited_by === "nothing" ? "" : `, limited by ${connection.limited_by}`;
  return `${connection.identity} ${connection.remote} ${connection.state}${limited}`;
}

function sessionFacts(session: Session): string {
  const lease = session.expires_seconds === null ? "" : `, lapses in ${span(session.expires_seconds)}`;
  return `${session.identity} ${session.inner.join(" ")}, ${session.links} links${lease}`;
}

/** What of a session counts as a change; the lease's remaining time runs by itself. */
function sessionSign(session: Session): string {
  return `${session.links} ${session.expires_seconds === null} ${session.inner.join(" ")}`;
}

function backendFacts(backend: Backend): string {
  const current = backend.current ? ", in use" : "";
  const pinned = backend.weight_pinned ? `, weight ${backend.weight} pinned` : "";
  return `${backend.address} ${backend.admin} ${backend.operational}${current}${pinned}`;
}

function breakerFacts({ state, cause }: Breaker): string {
  return cause === null ? state : `${state}: ${cause}`;
}

/** What it grants and who said so; how much of it is used changes every second. */
function bucketFacts(bucket: Bucket): string {
  return `${rateWords(bucket)}${bucket.pinned ? ", set by an operator" : ""}`;
}

function serviceFacts({ listen, state, endpoints_up, endpoints_total, error }: Service): string {
  return `${listen} ${state}, ${endpoints_up} of ${endpoints_total} endpoints up${error === null ? "" : `: ${error}`}`;
}

const byId = ({ id }: { id: string }): string => id;
const byName = ({ name }: { name: string }): string => name;

/** Lines for rows that came, changed or went. */
function tableChanges<Row>(
  noun: string,
  before: readonly Row[],
  after: readonly Row[],
  key: (row: Row) => string,
  sign: (row: Row) => string,
  facts: (row: Row) => string,
): string[] {
  const old = new Map(before.map((row) => [key(row), row]));
  const now = new Set(after.map(key));
  const lines = after.flatMap((row) => {
    const was = old.get(key(row));
    return was !== undefined && sign(was) === sign(row) ? [] : [`${noun} ${key(row)} ${facts(row)}`];
  });
  return [...lines, ...before.filter((row) => !now.has(key(row))).map((row) => `${noun} ${key(row)} gone`)];
}

function alertChanges(before: Snapshot["status"]["alerts"], after: Snapshot["status"]["alerts"]): string[] {
  const sign = (alert: (typeof after)[number]): string => `${alert.severity} ${alert.code}: ${alert.message}`;
  const old = new Set(before.map(sign));
  const codes = new Set(after.map((alert) => alert.code));
  return [
    ...after
      .map(sign)
      .filter((text) => !old.has(text))
      .map((text) => `alert ${text}`),
    ...before.filter((alert) => !codes.has(alert.code)).map((alert) => `alert cleared ${alert.code}`),
  ];
}

function statusChanges(before: Snapshot | undefined, after: Snapshot): string[] {
  const { status, history } = after;
  if (before?.status.state === status.state && before.status.pid === status.pid) return [];
  const newest = history.at(-1);
  const traffic = newest === undefined ? "" : `, rx ${rateLong(newest.rx_bps)}, tx ${rateLong(newest.tx_bps)}`;
  const cert = `certificate ${Math.floor(status.certificate_expires_seconds / 86_400)} days`;
  return [`daemon ${status.name} ${status.mode} ${status.state}, up ${span(status.uptime_seconds)}, ${cert}${traffic}`];
}

/** One line for each thing that differs between two snapshots; all of it when there is none before. */
export function changes(before: Snapshot | undefined, after: Snapshot): string[] {
  const sameRun = before !== undefined && before.status.pid === after.status.pid;
  const seen = sameRun ? (before.events.at(-1)?.seq ?? 0) : 0;
  const lines = [
    ...statusChanges(before, after),
    ...alertChanges(before?.status.alerts ?? [], after.status.alerts),
    ...tableChanges("session", before?.sessions ?? [], after.sessions, byId, sessionSign, sessionFacts),
    ...tableChanges("connection", before?.connections ?? [], after.connections, byId, connectionFacts, connectionFacts),
    ...tableChanges("backend", before?.backends ?? [], after.backends, byName, backendFacts, backendFacts),
    ...tableChanges("breaker", before?.breakers ?? [], after.breakers, byName, breakerFacts, breakerFacts),
    ...tableChanges("bucket", before?.buckets ?? [], after.buckets, byName, bucketFacts, bucketFacts),
    ...tableChanges("service", before?.services ?? [], after.services, byName, serviceFacts, serviceFacts),
    ...after.events
      .filter((event) => event.seq > seen)
      .map((event) => `event ${timeOfDay(event.time_ms)} ${event.severity} ${event.code}: ${event.message}`),
  ];
  return lines.map((line) => drawable(`${timeOfDay(after.time_ms)} ${line}`, 400));
}

/** The line for a change of the way to the daemon. */
export function linkLine(link: Link, wallMs: number): string {
  const text = link.kind === "up" ? `connected as ${link.role}` : `no daemon: ${link.problem}`;
  return drawable(`${timeOfDay(wallMs)} ${text}`, 400);
}
