import { open } from "node:fs/promises";
import { RecordingWriter } from "../shared/control/recording.ts";
import type { DaemonEvent, Moment, Snapshot } from "../shared/control/snapshot.ts";
import { pastSnapshot } from "./model/time.ts";

export interface BundleParts {
  readonly snapshot: Snapshot;
  /** Lines on the screen. */
  readonly screen: readonly string[];
  readonly masked: boolean;
  /** The daemon's history, a second at a time. */
  readonly moment: (at_ms: number) => Promise<Moment | undefined>;
  readonly events: () => Promise<readonly DaemonEvent[]>;
  /** Folder that it is written to. */
  readonly folder: string;
}

const secondsBack = 900;

/**
 * Writes an incident bundle: a recording of the last 15 minutes that `top --replay` shows, with the whole event log (who
 * did what is in it) and the screen. Returns the file's name and the seconds that were measured.
 */
export async function writeBundle(parts: BundleParts): Promise<{ file: string; seconds: number }> {
  const { snapshot, screen, masked, folder } = parts;
  const events = await parts.events();
  const mask = masked ? masker(snapshot, events) : (text: string): string => text;
  const taken = new Date(snapshot.time_ms).toISOString();
  const name = masked ? "masked" : snapshot.status.name.replaceAll(/[^\w.-]/g, "_");
  const file = `${folder}/sssonector-incident-${name}-${taken.replaceAll(/[:.]/g, "")}.jsonl`;
  const handle = await open(file, "wx", 0o600);
  let seconds = 0;
  try {
    const line = (value: object): Promise<void> => handle.appendFile(mask(`${JSON.stringify({ v: 1, ...value })}\n`));
    await line({ kind: "incident", taken, masked, events, screen });
    const writer = new RecordingWriter();
    for (let back = secondsBack; back >= 0; back -= 1) {
      const moment = await parts.moment(snapshot.time_ms - back * 1000);
      if (moment === undefined) continue;
      seconds += 1;
      const recorded = writer.line(pastSnapshot(moment, snapshot, events));
      if (recorded !== undefined) await handle.appendFile(mask(recorded));
    }
    const last = writer.line(snapshot);
    if (last !== undefined) await handle.appendFile(mask(last));
  } finally {
    await handle.close();
  }
  return { file, seconds };
}

/** Puts a stand-in in every place of each name and address that a snapshot and the events know. */
export function masker(snapshot: Snapshot, events: readonly DaemonEvent[]): (text: string) => string {
  const names = new Map<string, string>();
  const add = (kind: string, text: string): void => {
    if (text.length > 1 && !names.has(text)) names.set(text, `${kind}-${names.size + 1}`);
  };
  const { status, connections, sessions, backends, services } = snapshot;
  add("daemon", status.name);
  for (const { identity, remote, inner, session } of connections) {
    add("identity", identity);
    add("address", remote);
    add("address", remote.slice(0, remote.lastIndexOf(":")));
    add("session", session);
    for (const address of inner) add("address", address);
  }
  for (const { identity, inner } of sessions) {
    add("identity", identity);
    for (const address of inner) add("address", address);
  }
  for (const address of status.inner) add("address", address.split("/")[0] ?? address);
  for (const { name, address } of backends) {
    add("backend", name);
    add("address", address);
  }
  for (const { name, listen } of services) {
    add("service", name);
    add("address", listen);
  }
  for (const { facts } of events) {
    for (const key of ["identity", "remote", "inner", "session", "who", "backend"]) {
      const value = facts[key];
      if (typeof value === "string") add(key, value);
    }
  }
  // The longest first: an address with its port before the address.
  const pairs = [...names].toSorted((a, b) => b[0].length - a[0].length);
  return (text) => pairs.reduce((out, [name, stand]) => out.replaceAll(JSON.stringify(name).slice(1, -1), stand), text);
}
