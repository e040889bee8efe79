/** Everything about the selected row, along the way of its packets: client → connection → backend → breaker. */
import type {
  Backend,
  Bucket,
  Breaker,
  Connection,
  DaemonEvent,
  Service,
  Session,
  Snapshot,
} from "../../shared/control/snapshot.ts";
import { box } from "../draw/box.ts";
import { bytes, count, rateLong, roundTrip, span, timeOfDay } from "../draw/format.ts";
import { graph, peak } from "../draw/graph.ts";
import { type Line, seg, type Segment } from "../draw/line.ts";
import { cut, drawable } from "../draw/text.ts";
import { breakerStrip, stripSeconds } from "../model/breaker-strip.ts";
import { activeList, type State } from "../model/state.ts";
import { trendAt, trendSeconds } from "../model/trends.ts";
import { stripCells } from "../tables/breaker-cells.ts";
import { emptyIn, rateWords } from "../tables/buckets.ts";
import { breakerStates } from "../tables/breaker-states.ts";
import { severitySign } from "../tables/events.ts";
import { tables } from "../tables/index.ts";

/** Buckets that a connection's packets pass: the daemon's, its identity's, its session's. */
function bucketsOf(buckets: readonly Bucket[], identity: string | undefined, session: string | undefined): Bucket[] {
  return buckets.filter(({ name, scope }) => {
    const of = name.slice(name.indexOf("/") + 1, name.lastIndexOf("/"));
    if (scope === "global") return true;
    return scope === "identity" ? of === identity : scope === "connection" && of === session;
  });
}

/** What a section is about. */
interface Subject {
  readonly connections: readonly Connection[];
  readonly session: Session | undefined;
  readonly service: Service | undefined;
  /** Those that its packets pass. */
  readonly buckets: readonly Bucket[];
  readonly backend: Backend | undefined;
  readonly breaker: Breaker | undefined;
  readonly event: DaemonEvent | undefined;
}

type Fact = readonly [label: string, value: string | readonly Segment[]];

const labelCells = 16;
const eventsShown = 6;
const connectionsShown = 8;

function subjectOf(snapshot: Snapshot, tab: State["tab"], id: string): Subject {
  const { connections, sessions, backends, breakers, buckets, services, events } = snapshot;
  const along = (backend: string | undefined): Pick<Subject, "backend" | "breaker"> => ({
    backend: backends.find(({ name }) => name === backend),
    breaker: breakers.find(({ name }) => name === backend),
  });
  const none = { session: undefined, service: undefined, event: undefined, buckets: [] };
  if (tab === "connections") {
    const row = connections.find((one) => one.id === id);
    const session = sessions.find((one) => one.id === row?.session);
    const passed = bucketsOf(buckets, row?.identity, row?.session);
    return { ...none, connections: row === undefined ? [] : [row], session, buckets: passed, ...along(row?.backend) };
  }
  if (tab === "sessions") {
    const mine = connections.filter(({ session }) => session === id);
    const session = sessions.find((one) => one.id === id);
    const passed = bucketsOf(buckets, session?.identity, id);
    return { ...none, connections: mine, session, buckets: passed, ...along(mine[0]?.backend) };
  }
  if (tab === "top-talkers") {
    const mine = connections.filter(({ identity }) => id === `identity ${identity}`);
    const session = sessions.find((one) => one.id === mine[0]?.session);
    return { ...none, connections: mine, session, ...along(mine[0]?.backend) };
  }
  if (tab === "services") {
    const service = services.find(({ name }) => name === id);
    const own = new Set(backends.filter((one) => one.service === id).map(({ name }) => name));
    return {
      ...none,
      service,
      connections: connections.filter(({ backend }) => own.has(backend)),
      ...along(undefined),
    };
  }
  if (tab === "buckets") {
    return { ...none, connections: [], ...along(undefined), buckets: buckets.filter(({ name }) => name === id) };
  }
  if (tab === "events") {
    return { ...none, connections: [], ...along(undefined), event: events.find(({ seq }) => String(seq) === id) };
  }
  return { ...none, connections: connections.filter(({ backend }) => backend === id), ...along(id) };
}

function connectionFacts(row: Connection, state: State): Fact[] {
  const { glyphs } = state.setup;
  const series = trendAt(state.trends, row.id, state.snapshot?.time_ms ?? 0);
  const trend = graph(series, trendSeconds / 2, 1, peak(series), glyphs).join("");
  return [
    ["peer", `${row.identity} at ${row.remote}`],
    ["state", `${row.state} for ${span(row.since_seconds)}`],
    ["limited by", row.limited_by.replace("_", " ")],
    ["received", `${rateLong(row.rx_bps)}, ${bytes(row.rx_bytes)} in all`],
    ["sent", `${rateLong(row.tx_bps)}, ${bytes(row.tx_bytes)} in all`],
    ["round trip", row.rtt_ms === null ? "not measured" : `${roundTrip(row.rtt_ms, "")} ms`],
    [`last ${trendSeconds} s`, [seg(trend, "rx")]],
  ];
}

function sessionFacts(session: Session): Fact[] {
  const lease = session.expires_seconds === null ? "held by its links" : `lapses in ${span(session.expires_seconds)}`;
  return [
    ["identity", session.identity],
    ["session", `${session.id}, epoch ${session.epoch}, for ${span(session.since_seconds)}`],
    ["inner addresses", session.inner.join(" ")],
    ["links", `${count(session.links)}, MTU ${session.mtu}`],
    ["lease", lease],
  ];
}

function serviceFacts(row: Service): Fact[] {
  const places = `${count(row.connections)} of at most ${count(row.max_connections)}`;
  return [
    ["listens on", row.listen],
    ["state", row.error === null ? row.state : `${row.state}: ${row.error}`],
    ["endpoints", `${row.endpoints_up} of ${row.endpoints_total} up, ${row.strategy.replaceAll("_", " ")}`],
    ["connections", `${places}, ${count(row.waiting)} wait, ${count(row.warm)} made ahead`],
    [
      "since start",
      `${count(row.accepted)} accepted, ${count(row.refused)} refused, ${count(row.failed)} failed, ${count(row.retried)} retried`,
    ],
    ["from clients", `${rateLong(row.rx_bps)}, ${bytes(row.rx_bytes)} in all`],
    ["to clients", `${rateLong(row.tx_bps)}, ${bytes(row.tx_bytes)} in all`],
  ];
}

function bucketFact(row: Bucket): Fact {
  const asked = row.utilisation === null ? "" : `, ${Math.round(row.utilisation)} % asked of it`;
  const seconds = emptyIn(row);
  const empty = seconds === null ? "" : `, empty in ${span(Math.ceil(seconds))}`;
  return [
    row.name,
    `${rateWords(row)}${asked}${empty}, waited ${row.waiting_ms.toFixed(1)} ms, ${count(row.dropped)} dropped`,
  ];
}

function backendFacts(row: Backend): Fact[] {
  const pinned = row.weight_pinned ? ", pinned by an operator" : "";
  return [
    ["address", row.address],
    ["state", `${row.admin}, ${row.operational}, since ${span(row.since_seconds)}`],
    ["weight", `${Math.round(row.effective_weight)} of ${row.weight}${pinned}, priority ${row.priority}`],
    ["load", `${count(row.connections)} connections, round trip ${roundTrip(row.rtt_ms, "not measured")}`],
    ["failures", `${count(row.failures)} in a row${row.last_error === null ? "" : `, last: ${row.last_error}`}`],
  ];
}

function breakerFacts(row: Breaker, state: State): Fact[] {
  const [word, tone] = breakerStates[row.state];
  const { glyphs } = state.setup;
  const strip = state.snapshot === undefined ? [] : breakerStrip(state.snapshot, row.name, trendSeconds / 2);
  const retry = row.retry_in_ms === null ? "" : `, tries again in ${span(Math.ceil(row.retry_in_ms / 1000))}`;
  const probes = row.permits_left === null ? "" : `, ${row.permits_left} probes left`;
  return [
    ["state", [seg(word, tone), seg(drawable(`${retry}${probes}${row.cause === null ? "" : `, by ${row.cause}`}`))]],
    [
      "in the window",
      `${count(row.calls)} calls, ${Math.round(row.failure_rate)} % failed, ${Math.round(row.slow_rate)} % slow`,
    ],
    ["last opened by", row.last_cause ?? "never"],
    [`last ${stripSeconds / 60} min`, stripCells(strip, glyphs)],
  ];
}

function lines(title: string, facts: readonly Fact[], columns: number, mark: string): Line[] {
  return [
    [seg(` ${title}`, "strong")],
    ...facts.map(([label, value]): Line => {
      const head = seg(`   ${cut(drawable(label), 30, mark).padEnd(labelCells - 1)} `, "dim");
      if (typeof value !== "string") return [head, ...value];
      return [head, seg(cut(drawable(value), Math.max(0, columns - head.text.length - 1), mark))];
    }),
    [],
  ];
}

/** What an event has to name to be about the subject. */
function namesOf({ connections, session, service, backend }: Subject): ReadonlySet<string | number> {
  const some = connections.slice(0, 1).flatMap(({ id, identity, remote }) => [id, identity, remote]);
  const of = [session?.id, session?.identity, service?.name, backend?.name];
  return new Set([...some, ...of.filter((name) => name !== undefined)]);
}

function eventLines(snapshot: Snapshot, subject: Subject, state: State, columns: number): Line[] {
  const names = namesOf(subject);
  const about = snapshot.events.filter(({ facts }) => Object.values(facts).some((value) => names.has(value)));
  if (about.length === 0) return [];
  const { glyphs } = state.setup;
  return [
    [seg(" events", "strong")],
    ...about
      .slice(-eventsShown)
      .map(
        (event): Line => [
          seg(`   ${timeOfDay(event.time_ms)} `, "dim"),
          severitySign(event.severity, glyphs),
          seg(` ${cut(drawable(`${event.code}: ${event.message}`), Math.max(0, columns - 15), glyphs.cut)}`),
        ],
      ),
    [],
  ];
}

function oneEvent(event: DaemonEvent, columns: number, mark: string): Line[] {
  const facts = Object.entries(event.facts).map(
    ([key, value]): Fact => [cut(drawable(key), labelCells - 1, mark), String(value)],
  );
  const head: Fact[] = [
    ["time", `${timeOfDay(event.time_ms)}, number ${event.seq} of run ${event.boot_id} of ${event.server}`],
    ["severity", event.severity],
    ["message", event.message],
  ];
  return lines(`event ${event.code}`, [...head, ...facts], columns, mark);
}

function text(state: State, snapshot: Snapshot, id: string, columns: number): Line[] {
  const subject = subjectOf(snapshot, state.tab, id);
  const mark = state.setup.glyphs.cut;
  const { connections, session, service, buckets, backend, breaker, event } = subject;
  const several = connections.length > 1 || (state.tab !== "connections" && connections.length > 0);
  const list = connections
    .slice(0, connectionsShown)
    .map(
      (row): Fact => [
        cut(drawable(row.id), labelCells - 1, mark),
        `${row.identity} ${row.state}, rx ${rateLong(row.rx_bps)}, tx ${rateLong(row.tx_bps)}`,
      ],
    );
  const one = several ? undefined : connections[0];
  return [
    ...(event === undefined ? [] : oneEvent(event, columns, mark)),
    ...(session === undefined
      ? []
      : lines(`client ${drawable(session.identity)}`, sessionFacts(session), columns, mark)),
    ...(one === undefined ? [] : lines(`connection ${drawable(one.id)}`, connectionFacts(one, state), columns, mark)),
    ...(several ? lines(`${count(connections.length)} connections`, list, columns, mark) : []),
    ...(service === undefined ? [] : lines(`service ${drawable(service.name)}`, serviceFacts(service), columns, mark)),
    ...(buckets.length === 0 ? [] : lines(`${count(buckets.length)} buckets`, buckets.map(bucketFact), columns, mark)),
    ...(backend === undefined ? [] : lines(`backend ${drawable(backend.name)}`, backendFacts(backend), columns, mark)),
    ...(breaker === undefined
      ? []
      : lines(`breaker ${drawable(breaker.name)}`, breakerFacts(breaker, state), columns, mark)),
    ...eventLines(snapshot, subject, state, columns),
  ];
}

/** The selected row in a box of at most the screen's size; `top` lines are scrolled away. */
export function detailBox(state: State, top: number): Line[] {
  const { snapshot, columns, rows, setup, tab } = state;
  const { selected } = activeList(state);
  const outer = Math.min(100, columns - 4);
  const all = snapshot === undefined || selected === undefined ? [] : text(state, snapshot, selected, outer - 2);
  const shown: Line[] = all.length === 0 ? [[seg(` this ${tables[tab].noun} is gone`, "warn")]] : all;
  const height = Math.max(1, Math.min(shown.length, rows - 4));
  const from = Math.min(top, shown.length - height);
  const rest = shown.length - height - from;
  const remark = rest > 0 ? [seg(`${rest} more ${setup.glyphs.down}`, "dim")] : [];
  const title = `${tables[tab].noun} ${cut(drawable(selected ?? ""), 40, setup.glyphs.cut)}`;
  return box({ title: [seg(title, "strong")], remark }, shown.slice(from, from + height), outer, setup.glyphs);
}
