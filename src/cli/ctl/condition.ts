import type { Backend, Breaker, DaemonState, Snapshot } from "../../shared/control/snapshot.ts";
import { SssonectorError } from "../../shared/errors.ts";
import { printable } from "../../shared/text.ts";
import { noBackend } from "./no-backend.ts";
import { didYouMean } from "./suggest.ts";

/** What `wait` waits for. A condition on a backend that does not exist throws control_not_found. */
export interface Condition {
  /** As it stands on the command line. */
  text: string;
  met(snapshot: Snapshot): boolean;
  /** How far it is. */
  seen(snapshot: Snapshot): string;
  /** The row that it is about, if any. */
  row?(snapshot: Snapshot): { backend: Backend } | { breaker: Breaker };
}

const states: readonly DaemonState[] = ["starting", "ready", "degraded", "draining", "stopping"];

type OfRow = (name: string) => Omit<Condition, "text">;

const ofBackend: Readonly<Record<string, OfRow>> = {
  drained: (name) => ({
    met: (snapshot) => {
      const { admin, connections } = find(snapshot, "backends", name);
      return admin === "drain" && connections === 0;
    },
    seen: (snapshot) => {
      const { admin, connections } = find(snapshot, "backends", name);
      return `${printable(name)} ${admin}, ${connections} connections`;
    },
    row: (snapshot) => ({ backend: find(snapshot, "backends", name) }),
  }),
  up: (name) => ({
    met: (snapshot) => find(snapshot, "backends", name).operational === "up",
    seen: (snapshot) => `${printable(name)} ${find(snapshot, "backends", name).operational}`,
    row: (snapshot) => ({ backend: find(snapshot, "backends", name) }),
  }),
  "breaker-closed": (name) => ({
    met: (snapshot) => find(snapshot, "breakers", name).state === "closed",
    seen: (snapshot) => `breaker ${printable(name)} ${find(snapshot, "breakers", name).state}`,
    row: (snapshot) => ({ breaker: find(snapshot, "breakers", name) }),
  }),
};

/** Sessions that moved away keep their addresses here for a while: they are no reason to wait. */
const daemonDrained: Condition = {
  text: "drained",
  met: ({ status }) => status.state === "draining" && status.connections === 0,
  seen: ({ status }) => `${status.state}, ${status.connections} connections`,
};

/** Reads `--for`. @throws SssonectorError usage */
export function conditionOf(text: string | undefined): Condition {
  if (text === "ready") return inState("ready", "ready");
  if (text === daemonDrained.text) return daemonDrained;
  const [, word = "", value = ""] = /^([a-z-]+)=(.+)$/.exec(text ?? "") ?? [];
  const state = states.find((name) => name === value);
  if (word === "state" && state !== undefined) return inState(state, `state=${state}`);
  const condition = Object.hasOwn(ofBackend, word) ? ofBackend[word]?.(value) : undefined;
  if (text !== undefined && condition !== undefined) return { text, ...condition };
  throw unknown(text, word);
}

function inState(state: DaemonState, text: string): Condition {
  return {
    text,
    met: ({ status }) => status.state === state,
    seen: ({ status }) => status.state,
  };
}

function unknown(text: string | undefined, word: string): SssonectorError {
  const conditions = ["ready", "drained", ...states.map((name) => `state=${name}`)];
  const named = Object.keys(ofBackend).map((name) => `${name}=BACKEND`);
  const problem = text === undefined ? "wait needs --for CONDITION" : `unknown condition ${printable(text, 60)}`;
  const hint = didYouMean(text ?? "", conditions) || didYouMean(word, Object.keys(ofBackend));
  throw new SssonectorError("usage", `${problem}${hint}`, {
    next: `conditions: ${[...conditions, ...named].join(", ")}`,
  });
}

function find<Table extends "backends" | "breakers">(
  snapshot: Snapshot,
  table: Table,
  name: string,
): Snapshot[Table][number] {
  const rows: readonly Snapshot[Table][number][] = snapshot[table];
  const row = rows.find((one) => one.name === name);
  if (row === undefined) throw noBackend(name, snapshot);
  return row;
}
