import { connectControl } from "../../shared/control/client.ts";
import { locateSocket } from "../../shared/control/locate.ts";
import type { Snapshot } from "../../shared/control/snapshot.ts";
import type { LiveKind } from "./places.ts";

/** Milliseconds from the start of this program within which names are there, or none are. */
const deadline = 150;

/** Only what no shell takes for more than a word. */
const harmless = /^[\w.@%+/-]+$/;

const namesOf: Readonly<Record<LiveKind, (snapshot: Snapshot) => readonly (readonly [name: string, what: string])[]>> =
  {
    backends: ({ backends }) => backends.map(({ name, operational, admin }) => [name, `${operational}, ${admin}`]),
    connections: ({ connections }) => connections.map(({ id, identity, remote }) => [id, `${identity} ${remote}`]),
    sessions: ({ sessions }) => sessions.map(({ id, identity }) => [id, identity]),
    buckets: ({ buckets }) => buckets.map(({ name, scope }) => [name, scope]),
    identities: ({ sessions, connections }) =>
      [...new Set([...sessions, ...connections].map(({ identity }) => identity))].map((identity) => [
        identity,
        "identity",
      ]),
  };

/**
 * Lines of a name, a tab and what it is, for the shells' completion; nothing when the daemon doesn't answer in time or
 * at all.
 */
export async function liveNames(kinds: readonly LiveKind[], socket: string | undefined): Promise<string> {
  const late = Promise.withResolvers<string>();
  setTimeout(() => late.resolve(""), Math.max(0, deadline - performance.now())).unref();
  return await Promise.race([late.promise, ask(kinds, socket).catch(() => "")]);
}

async function ask(kinds: readonly LiveKind[], socket: string | undefined): Promise<string> {
  const socketPath = locateSocket(socket);
  using client = await connectControl({ socketPath, clientName: "completion", timeoutMs: deadline });
  const snapshot = await client.call("snapshot", {});
  const rows = kinds.flatMap((kind) => namesOf[kind](snapshot)).filter(([name]) => harmless.test(name));
  return rows.map(([name, what]) => `${name}\t${what.replaceAll(/[^ -~]/g, "")}\n`).join("");
}
