/**
 * Differences between snapshots. A reader that missed some gets one delta from the last it was sent to the newest,
 * so nothing is ever merged or replayed.
 */
import type {
  Backend,
  Breaker,
  Bucket,
  Connection,
  ControlState,
  DaemonEvent,
  HistoryPoint,
  Service,
  Session,
  Snapshot,
  Status,
  TopTalkers,
} from "./snapshot.ts";

export interface Delta {
  /** The later snapshot's `time_ms`. */
  time_ms: number;
  /** Fields of the status that changed, whole values. */
  status?: Partial<Status>;
  /** As for the status. */
  control?: Partial<ControlState>;
  connections?: TableDelta<Connection>;
  sessions?: TableDelta<Session>;
  backends?: TableDelta<Backend, "name">;
  breakers?: TableDelta<Breaker, "name">;
  services?: TableDelta<Service, "name">;
  buckets?: TableDelta<Bucket, "name">;
  /** Whole. */
  top?: TopTalkers;
  events?: ListDelta<DaemonEvent>;
  history?: ListDelta<HistoryPoint>;
}

/** Rows that the field `Key` tells apart. */
type Keyed<Key extends string> = Record<Key, string>;

/** Changes of rows with unique keys: rows that stay keep their order, new ones follow, unless `order` says otherwise. */
export interface TableDelta<Row extends Keyed<Key>, Key extends string = "id"> {
  added?: Row[];
  /** The key and the fields that changed. */
  changed?: (Partial<Row> & Keyed<Key>)[];
  /** Keys. */
  removed?: string[];
  /** All keys in their new order. */
  order?: string[];
}

/** Changes of a list that grows at its end: drop this many from the front, then append. */
export interface ListDelta<Item> {
  drop: number;
  added: Item[];
}

/** What leads from `before` to `after`; undefined when nothing but the time changed. */
export function diff(before: Snapshot, after: Snapshot): Delta | undefined {
  const delta: Delta = { time_ms: after.time_ms };
  const status = changedFields(before.status, after.status);
  const control = changedFields(before.control, after.control);
  const connections = diffTable(before.connections, after.connections, "id");
  const sessions = diffTable(before.sessions, after.sessions, "id");
  const backends = diffTable(before.backends, after.backends, "name");
  const breakers = diffTable(before.breakers, after.breakers, "name");
  const services = diffTable(before.services, after.services, "name");
  const buckets = diffTable(before.buckets, after.buckets, "name");
  const events = diffList(before.events, after.events, (event) => event.seq);
  const history = diffList(before.history, after.history, (point) => point.time_ms);
  if (status !== undefined) delta.status = status;
  if (control !== undefined) delta.control = control;
  if (connections !== undefined) delta.connections = connections;
  if (sessions !== undefined) delta.sessions = sessions;
  if (backends !== undefined) delta.backends = backends;
  if (breakers !== undefined) delta.breakers = breakers;
  if (services !== undefined) delta.services = services;
  if (buckets !== undefined) delta.buckets = buckets;
  if (!equal(before.top, after.top)) delta.top = after.top;
  if (events !== undefined) delta.events = events;
  if (history !== undefined) delta.history = history;
  return Object.keys(delta).length > 1 ? delta : undefined;
}

/** The later snapshot; shares with `before` what did not change, and changes neither argument. */
export function apply(before: Snapshot, delta: Delta): Snapshot {
  return {
    v: before.v,
    time_ms: delta.time_ms,
    status: delta.status === undefined ? before.status : { ...before.status, ...delta.status },
    control: delta.control === undefined ? before.control : { ...before.control, ...delta.control },
    connections: applyTable(before.connections, delta.connections, "id"),
    sessions: applyTable(before.sessions, delta.sessions, "id"),
    backends: applyTable(before.backends, delta.backends, "name"),
    breakers: applyTable(before.breakers, delta.breakers, "name"),
    services: applyTable(before.services, delta.services, "name"),
    buckets: applyTable(before.buckets, delta.buckets, "name"),
    top: delta.top ?? before.top,
    events: applyList(before.events, delta.events),
    history: applyList(before.history, delta.history),
  };
}

function diffTable<Row extends Keyed<Key>, Key extends string>(
  before: Row[],
  after: Row[],
  key: Key,
): TableDelta<Row, Key> | undefined {
  if (before === after) return undefined;
  const old = new Map(before.map((row) => [row[key], row]));
  const keys = new Set<string>(after.map((row) => row[key]));
  const delta: TableDelta<Row, Key> = {};
  const added = after.filter((row) => !old.has(row[key]));
  const removed = before.filter((row) => !keys.has(row[key])).map((row) => row[key]);
  const changed = after.flatMap((row) => changedRow(old.get(row[key]), row, key));
  if (added.length > 0) delta.added = added;
  if (removed.length > 0) delta.removed = removed;
  if (changed.length > 0) delta.changed = changed;
  const expected = [...before.filter((row) => keys.has(row[key])), ...added];
  if (expected.some((row, at) => row[key] !== after[at]?.[key])) delta.order = after.map((row) => row[key]);
  return Object.keys(delta).length > 0 ? delta : undefined;
}

function changedRow<Row extends Keyed<Key>, Key extends string>(
  before: Row | undefined,
  after: Row,
  key: Key,
): (Partial<Row> & Keyed<Key>)[] {
  if (before === undefined) return [];
  const fields = changedFields(before, after);
  return fields === undefined ? [] : [{ ...fields, [key]: after[key] }];
}

function applyTable<Row extends Keyed<Key>, Key extends string>(
  before: Row[],
  delta: TableDelta<Row, Key> | undefined,
  key: Key,
): Row[] {
  if (delta === undefined) return before;
  const rows = new Map<string, Row>(before.map((row) => [row[key], row]));
  for (const name of delta.removed ?? []) rows.delete(name);
  for (const row of delta.added ?? []) rows.set(row[key], row);
  for (const fields of delta.changed ?? []) {
    const row = rows.get(fields[key]);
    if (row !== undefined) rows.set(fields[key], { ...row, ...fields });
  }
  if (delta.order === undefined) return [...rows.values()];
  return delta.order.flatMap((name) => rows.get(name) ?? []);
}

function diffList<Item>(before: Item[], after: Item[], key: (item: Item) => number): ListDelta<Item> | undefined {
  const first = after[0];
  const found = first === undefined ? -1 : before.findIndex((item) => key(item) === key(first));
  const drop = found < 0 ? before.length : found;
  const kept = before.length - drop;
  const overlaps = kept <= after.length && before.slice(drop).every((item, at) => equal(item, after[at]));
  if (!overlaps) return { drop: before.length, added: after };
  return drop === 0 && kept === after.length ? undefined : { drop, added: after.slice(kept) };
}

function applyList<Item>(before: Item[], delta: ListDelta<Item> | undefined): Item[] {
  return delta === undefined ? before : [...before.slice(delta.drop), ...delta.added];
}

function changedFields<Fields extends object>(before: Fields, after: Fields): Partial<Fields> | undefined {
  const changed: Partial<Fields> = {};
  let any = false;
  for (const key in after) {
    if (equal(before[key], after[key])) continue;
    changed[key] = after[key];
    any = true;
  }
  return any ? changed : undefined;
}

/** Deep equality of JSON values. */
function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, at) => equal(item, b[at]));
  if (Array.isArray(b)) return false;
  const left = Object.entries(a);
  const right = new Map(Object.entries(b));
  return left.length === right.size && left.every(([key, value]) => right.has(key) && equal(value, right.get(key)));
}
