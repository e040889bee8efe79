/**
 * Which second is on the screen: the newest, or one of the daemon's history. The screen is drawn from a snapshot either
 * way; one of the past is made of the daemon's moment, and of the events and totals up to then.
 */
import type { DaemonEvent, Moment, Snapshot } from "../../shared/control/snapshot.ts";
import { type Effect, type Step, step } from "./message.ts";
import type { State } from "./state.ts";

export type Time =
  | { readonly kind: "live" }
  | {
      readonly kind: "past";
      /** The second that is wanted, milliseconds since the Unix epoch. */
      readonly at: number;
      /** What is on the screen: the wanted second, the one before while it is fetched, or that nobody measured it. */
      readonly shows: "it" | "another" | "nothing";
      /** Events of the whole log, since a snapshot has the newest only. */
      readonly events: readonly DaemonEvent[];
    };

/** A snapshot without what happened after it: a recording tells that too. */
export function upToNow(snapshot: Snapshot): Snapshot {
  const history = snapshot.history.filter(({ time_ms }) => time_ms <= snapshot.time_ms + 999);
  return history.length === snapshot.history.length ? snapshot : { ...snapshot, history };
}

/** A moment with what the newest snapshot knows of the time before it. */
export function pastSnapshot(moment: Moment, live: Snapshot, events: readonly DaemonEvent[]): Snapshot {
  const { omitted: _, ...tables } = moment;
  const before = ({ time_ms }: { time_ms: number }): boolean => time_ms <= moment.time_ms + 999;
  return {
    ...live,
    ...tables,
    events: events.filter(before),
    history: live.history.filter(before),
    control: { revision: 0, attached: [], unconfirmed: [] },
  };
}

function ask(at: number): Effect {
  return { kind: "moment", at_ms: at };
}

/** Stops the screen at the newest second. */
export function freeze(state: State): Step {
  const { live, time } = state;
  if (live === undefined) return step(state);
  if (time.kind === "past") return goLive(state);
  const past = { kind: "past", at: live.time_ms, shows: "it", events: live.events } as const;
  return step({ ...state, time: past }, { kind: "events" });
}

export function goLive(state: State): Step {
  if (state.time.kind === "live") return step(state);
  return step({ ...state, time: { kind: "live" }, snapshot: state.live && upToNow(state.live) });
}

/** Goes to another second; while one is being fetched only the newest wish counts. */
export function goTo(state: State, at: number): Step {
  const { live, time } = state;
  if (live === undefined) return step(state);
  const wanted = Math.min(at, state.setup.recording?.to_ms ?? live.time_ms);
  const events = time.kind === "past" ? time.events : live.events;
  const fetching = time.kind === "past" && time.shows === "another";
  const effects: Effect[] = [
    ...(time.kind === "live" ? [{ kind: "events" } as const] : []),
    ...(fetching ? [] : [ask(wanted)]),
  ];
  return step({ ...state, time: { kind: "past", at: wanted, shows: "another", events } }, ...effects);
}

export function rewind(seconds: number): (state: State) => Step {
  return (state) => {
    const at = state.time.kind === "past" ? state.time.at : state.live?.time_ms;
    return at === undefined ? step(state) : goTo(state, at + seconds * 1000);
  };
}

/** Goes to the next event after, or before, the second on the screen. */
export function jump(direction: 1 | -1): (state: State) => Step {
  return (state) => {
    const { time, live } = state;
    const events = time.kind === "past" ? time.events : (live?.events ?? []);
    const at = time.kind === "past" ? time.at : (live?.time_ms ?? 0);
    // An event shows in the second after it, see endOf.
    const shown = secondOf(at) - 1;
    const next =
      direction > 0
        ? events.find(({ time_ms }) => secondOf(time_ms) > shown)
        : events.findLast(({ time_ms }) => secondOf(time_ms) < shown);
    if (next !== undefined) return goTo(state, endOf(next.time_ms));
    return step({ ...state, notice: direction > 0 ? "no later event" : "no earlier event" });
  };
}

function secondOf(time_ms: number): number {
  return Math.floor(time_ms / 1000);
}

/** The daemon samples once a second: what an event changed shows in the sample after it. */
function endOf(time_ms: number): number {
  return (secondOf(time_ms) + 1) * 1000 + 999;
}

/** The daemon's answer for the second `at`; another one is asked for when that is wanted by now. */
export function arrived(state: State, at: number, moment: Moment | undefined): Step {
  const { time, live } = state;
  if (time.kind === "live" || live === undefined) return step(state);
  if (time.at !== at) return step(show(state, moment, "another"), ask(time.at));
  return step(show(state, moment, moment === undefined ? "nothing" : "it"));
}

function show(state: State, moment: Moment | undefined, shows: "it" | "another" | "nothing"): State {
  const { time, live } = state;
  if (time.kind === "live" || live === undefined) return state;
  const snapshot = moment === undefined ? state.snapshot : pastSnapshot(moment, live, time.events);
  return { ...state, snapshot, time: { ...time, shows } };
}

/** The whole log of events has come. */
export function withEvents(state: State, events: readonly DaemonEvent[]): State {
  return state.time.kind === "live" ? state : { ...state, time: { ...state.time, events } };
}
