/** The console's transitions: a pure function of the state and what happened. */
import { ownConnections } from "../../shared/control/own-ssh.ts";
import type { LogLine } from "../../shared/control/log-line.ts";
import type { Snapshot } from "../../shared/control/snapshot.ts";
import type { Millis } from "../../shared/clock.ts";
import { press } from "../keys/press.ts";
import { tables } from "../tables/index.ts";
import type { Own } from "../tables/table.ts";
import { answered, linkLost } from "./dialog.ts";
import { layout } from "./layout.ts";
import { refresh, type Rows, settle } from "./list.ts";
import { type Message, type Step, step } from "./message.ts";
import { activeList, type State, staleAfter, withList } from "./state.ts";
import { arrived, upToNow, withEvents } from "./time.ts";
import { record } from "./trends.ts";

/** Milliseconds after a key during which rows keep their order. */
export const restBeforeSort = 2000;

function withRows(state: State, items: Rows, resort: boolean): State {
  return withList({ ...state, items }, refresh(activeList(state), items, state.items, resort));
}

/** Ids of the connections and sessions that the operator's own ssh connection goes through. */
function ownIds(state: State, snapshot: Snapshot): Own {
  const { ssh } = state.setup;
  if (ssh === null || ssh === undefined) return () => false;
  const own = new Set(ownConnections(snapshot, ssh).flatMap(({ id, session }) => [id, session]));
  return (id) => own.has(id);
}

function rowsFor(state: State, snapshot: Snapshot): Rows {
  const own = ownIds(state, snapshot);
  return new Map(tables[state.tab].rows(snapshot, state.log, own).map((row) => [row.id, row]));
}

function onSnapshot(state: State, live: Snapshot, now: Millis): State {
  const trends = record(state.trends, live);
  const next = { ...state, live, receivedAt: now, age: 0, trends };
  if (state.time.kind === "past") return next;
  const resort = state.mode.kind === "browse" && now - state.lastKeyAt >= restBeforeSort;
  return withRows(
    { ...next, snapshot: state.setup.recording === undefined ? live : upToNow(live) },
    rowsFor(state, live),
    resort,
  );
}

/** Brings the list in line after a change of tab, filter, sort or of the second that is shown. */
function resorted(before: State, state: State): State {
  if (state.snapshot === undefined) return state;
  if (before.tab !== state.tab) {
    const items = rowsFor(state, state.snapshot);
    return withList({ ...state, items }, refresh(activeList(state), items, items, true));
  }
  if (before.snapshot !== state.snapshot) return withRows(state, rowsFor(state, state.snapshot), false);
  const [was, is] = [activeList(before), activeList(state)];
  return was.filter === is.filter && was.sort === is.sort ? state : withRows(state, state.items, true);
}

function onTick(state: State, now: Millis): State {
  if (state.snapshot === undefined) return state;
  const seconds = Math.floor((now - state.receivedAt) / 1000);
  const age = seconds >= staleAfter || state.link.kind === "down" ? seconds : 0;
  return age === state.age ? state : { ...state, age };
}

/** A dialog that can't be read any more is closed: nobody confirms what is not on the screen. */
function onSize(state: State): State {
  return layout(state).small ? { ...state, mode: { kind: "browse" } } : state;
}

/** Lines of the log that are kept. */
const logLines = 1000;

/** While the log is on the screen it is asked for what is new, once for each snapshot. */
function withLog({ state, effects }: Step): Step {
  if (state.tab !== "logs" || state.time.kind === "past" || state.setup.recording !== undefined) {
    return { state, effects };
  }
  return { state, effects: [...effects, { kind: "logs", since: state.log.at(-1)?.seq ?? 0 }] };
}

function onLog(state: State, lines: readonly LogLine[]): State {
  const newest = state.log.at(-1)?.seq ?? 0;
  const newer = lines.filter(({ seq }) => seq > newest);
  if (newer.length === 0) return state;
  const next = { ...state, log: [...state.log, ...newer].slice(-logLines) };
  return next.tab === "logs" && next.snapshot !== undefined ? withRows(next, rowsFor(next, next.snapshot), true) : next;
}

function withSnapshotOf(before: State, { state, effects }: Step): Step {
  return { state: resorted(before, state), effects };
}

function advance(state: State, message: Message): Step {
  switch (message.kind) {
    case "snapshot":
      return withLog(step(onSnapshot(state, message.snapshot, message.now)));
    case "link":
      return step(
        onTick({ ...(message.link.kind === "down" ? linkLost(state) : state), link: message.link }, message.now),
      );
    case "tick":
      return step(onTick(state, message.now));
    case "size":
      return step(onSize({ ...state, columns: message.columns, rows: message.rows }));
    case "keys": {
      const { state: next, effects } = press(state, message.keys, message.now);
      const after = { ...resorted(state, next), lastKeyAt: message.now };
      return state.tab === after.tab ? { state: after, effects } : withLog({ state: after, effects });
    }
    case "moment":
      return withSnapshotOf(state, arrived(state, message.at_ms, message.moment));
    case "events":
      return step(withEvents(state, message.events));
    case "logs":
      return step(onLog(state, message.lines));
    case "text": {
      const { mode } = state;
      const wanted = mode.kind === "text" && mode.verb === message.verb;
      return step(wanted ? { ...state, mode: { ...mode, lines: message.lines } } : state);
    }
    case "notice":
      return step({ ...state, notice: message.text });
    case "answer":
      return step(answered(state, message.token, message.answer, message.now));
  }
}

export function update(state: State, message: Message): Step {
  const { state: next, effects } = advance(state, message);
  return { state: next === state ? state : withList(next, settle(activeList(next), layout(next).table)), effects };
}
